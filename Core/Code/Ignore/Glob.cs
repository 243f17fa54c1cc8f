using System.Buffers;

namespace IacCi.Core.Code.Ignore;

/// <summary>
/// One pattern of a .gitignore, matched over bytes as git does (gitignore(5), "PATTERN FORMAT"; <c>?</c> is one byte). The time is at most
/// the pattern's length times the text's, whatever the pattern: a stranger's repository may bring any.
/// </summary>
internal sealed class Glob
{
    private enum Kind : byte
    {
        Byte,       // this byte
        OneOf,      // one byte of a set, never '/'
        Star,       // any run without '/'
        DeepStar,   // any run
        MaybeDeep,  // '**/': either nothing, or the two tokens behind it (a run, and '/')
    }

    private readonly record struct Token(Kind Kind, byte Value = 0, ByteSet? Set = null);

    private readonly List<Token> tokens = [];
    private readonly byte[]? literal;
    private readonly bool never;

    /// <summary>Compiles a pattern without its <c>!</c>, its leading and its trailing slash.</summary>
    public Glob(ReadOnlySpan<byte> pattern)
    {
        var simple = pattern.IndexOfAny(Special);
        if (simple < 0)
        {
            literal = pattern.ToArray();
            return;
        }

        // Git compares what stands before the first special character by itself, so the rest begins like a pattern of its own.
        for (var i = 0; i < pattern.Length && !never;)
        {
            (i, never) = pattern[i] switch
            {
                (byte)'*' => (Stars(pattern, i, simple), false),
                (byte)'?' => (Add(new Token(Kind.OneOf, Set: ByteSet.AllButSlash), i + 1), false),
                (byte)'[' => Bracket(pattern, i),
                (byte)'\\' when i + 1 == pattern.Length => (i + 1, true),
                (byte)'\\' => (Add(new Token(Kind.Byte, pattern[i + 1]), i + 2), false),
                var b => (Add(new Token(Kind.Byte, b), i + 1), false),
            };
        }
    }

    private static readonly SearchValues<byte> Special = SearchValues.Create("*?[\\"u8);

    /// <summary>Whether the whole text matches.</summary>
    public bool Matches(ReadOnlySpan<byte> text)
    {
        if (literal is not null)
        {
            return text.SequenceEqual(literal);
        }

        if (never)
        {
            return false;
        }

        var (now, next) = (new bool[tokens.Count + 1], new bool[tokens.Count + 1]);
        now[0] = true;
        foreach (var b in text)
        {
            Skip(now);
            Array.Clear(next);
            var any = false;
            for (var i = 0; i < tokens.Count; i++)
            {
                any |= now[i] && Step(tokens[i], i, b, next);
            }

            if (!any)
            {
                return false;
            }

            (now, next) = (next, now);
        }

        Skip(now);
        return now[tokens.Count];
    }

    /// <summary>Marks what can be reached without a byte.</summary>
    private void Skip(bool[] states)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            if (states[i] && tokens[i].Kind is Kind.Star or Kind.DeepStar or Kind.MaybeDeep)
            {
                states[i + 1] = true;
            }

            if (states[i] && tokens[i].Kind == Kind.MaybeDeep)
            {
                states[i + 3] = true; // Behind the two tokens that belong to it.
            }
        }
    }

    private static bool Step(Token token, int i, byte b, bool[] next)
    {
        switch (token.Kind)
        {
            case Kind.Byte when token.Value == b:
            case Kind.OneOf when b != '/' && token.Set!.Has(b):
                return next[i + 1] = true;
            case Kind.Star when b != '/':
            case Kind.DeepStar:
                return next[i] = true;
            default:
                return false;
        }
    }

    private int Add(Token token, int end)
    {
        tokens.Add(token);
        return end;
    }

    private int Stars(ReadOnlySpan<byte> pattern, int start, int simple)
    {
        var end = start;
        while (end < pattern.Length && pattern[end] == '*')
        {
            end++;
        }

        var rest = pattern[end..];
        var opens = start == simple || pattern[start - 1] == '/';
        var closes = rest.IsEmpty || rest[0] == '/' || rest.StartsWith("\\/"u8);
        if (end - start == 1 || !opens || !closes)
        {
            return Add(new Token(Kind.Star), end);
        }

        if (rest.IsEmpty || rest[0] != '/')
        {
            return Add(new Token(Kind.DeepStar), end);
        }

        tokens.AddRange([new Token(Kind.MaybeDeep), new Token(Kind.DeepStar), new Token(Kind.Byte, (byte)'/')]);
        return end + 1;
    }

    private (int End, bool Never) Bracket(ReadOnlySpan<byte> pattern, int start)
    {
        var (set, end) = ByteSet.Parse(pattern, start);
        return set is null ? (pattern.Length, true) : (Add(new Token(Kind.OneOf, Set: set), end), false);
    }
}
