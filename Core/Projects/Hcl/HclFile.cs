using System.Text;

namespace IacCi.Core.Projects.Hcl;

/// <summary>What stands between the braces of a block, or in a file.</summary>
internal sealed class HclBody
{
    public List<HclAttribute> Attributes { get; } = [];

    public List<HclBlock> Blocks { get; } = [];

}

/// <summary>A block; <paramref name="Name"/> is the token of its type.</summary>
internal sealed record HclBlock(string Type, IReadOnlyList<string> Labels, HclBody Body, int Name);

/// <summary>
/// An attribute: the token of its name, and those of its value, from <paramref name="First"/> on, up to <paramref name="End"/>.
/// </summary>
internal readonly record struct HclAttribute(int Name, int First, int End);

/// <summary>A call of a function; the tokens of its arguments begin at <paramref name="First"/>.</summary>
internal readonly record struct HclCall(string Name, int First, int Line);

/// <summary>
/// A file of HCL as far as it can be read without evaluating anything: blocks, attributes, and which functions are called. What is not HCL
/// is an error with its place; what was read in front of it stays.
/// </summary>
internal sealed class HclFile
{
    private readonly string _text;
    private List<int>? _lineStarts;

    private HclFile(string text, List<HclToken> tokens) => (_text, Tokens) = (text, tokens);

    public HclBody Body { get; } = new();

    public List<HclToken> Tokens { get; }

    /// <summary>Why the file could not be read to its end; null when it could.</summary>
    public HclError? Error { get; private set; }

    /// <summary>Reads a file. Never throws for anything it may hold.</summary>
    public static HclFile Read(ReadOnlySpan<byte> content)
    {
        var text = Encoding.UTF8.GetString(content.StartsWith("\uFEFF"u8) ? content[3..] : content);
        return Read(text, HclLexer.File, file => new HclParser(file).Read());
    }

    /// <summary>Reads a template that stands by itself: it has calls, but no body.</summary>
    public static HclFile ReadTemplate(string text) => Read(text, HclLexer.Template, _ => { });

    /// <summary>The calls of functions, wherever they stand.</summary>
    public IEnumerable<HclCall> Calls()
    {
        for (var i = 0; i + 1 < Tokens.Count; i++)
        {
            if (Tokens[i].Kind == HclKind.Name && IsSign(i + 1, HclKind.Open, '(') && !IsOfProvider(i))
            {
                yield return new HclCall(Text(i), i + 2, Line(i));
            }
        }
    }

    /// <summary>The attribute of a name; null when the body has none.</summary>
    public HclAttribute? Find(HclBody body, string name)
    {
        foreach (var attribute in body.Attributes)
        {
            if (IsName(attribute.Name, name))
            {
                return attribute;
            }
        }

        return null;
    }

    /// <summary>The text of a token, as written.</summary>
    public string Text(int token) => _text.Substring(Tokens[token].Start, Tokens[token].Length);

    /// <summary>The first character of a token.</summary>
    public char First(int token) => _text[Tokens[token].Start];

    public bool Is(int token, HclKind kind) => token < Tokens.Count && Tokens[token].Kind == kind;

    public bool IsSign(int token, HclKind kind, char sign) => Is(token, kind) && _text[Tokens[token].Start] == sign;

    public bool IsName(int token, string name) =>
        Is(token, HclKind.Name) && _text.AsSpan(Tokens[token].Start, Tokens[token].Length).SequenceEqual(name);

    /// <summary>The next token that is no line break, from this one on.</summary>
    public int SkipNewlines(int token)
    {
        while (Is(token, HclKind.Newline))
        {
            token++;
        }

        return token;
    }

    public int Line(int token) => Place(Tokens[token].Start).Line;

    private static HclFile Read(string text, Func<string, List<HclToken>> lex, Action<HclFile> parse)
    {
        HclFile? file = null;
        try
        {
            file = new HclFile(text, lex(text));
            parse(file);
        }
        catch (HclSyntaxException wrong)
        {
            file ??= new HclFile(text, []);
            var (line, column) = file.Place(wrong.At);
            file.Error = new HclError(line, column, wrong.Message);
        }

        return file;
    }

    /// <summary>Whether the name in front of a parenthesis is a provider's function: <c>provider::name::function(</c>.</summary>
    private bool IsOfProvider(int name) => name >= 2 && IsSign(name - 1, HclKind.Sign, ':') && IsSign(name - 2, HclKind.Sign, ':');

    private (int Line, int Column) Place(int at)
    {
        var starts = _lineStarts ??= LineStarts();
        var line = starts.BinarySearch(at);
        line = line < 0 ? ~line - 1 : line;
        return (line + 1, at - starts[line] + 1);
    }

    private List<int> LineStarts()
    {
        List<int> starts = [0];
        for (var i = _text.IndexOf('\n'); i >= 0; i = _text.IndexOf('\n', i + 1))
        {
            starts.Add(i + 1);
        }

        return starts;
    }
}
