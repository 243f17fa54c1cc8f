namespace IacCi.Core.Work.Masking;

/// <summary>
/// Follows base64 across the line ends that tools put into it (base64(1) after 76 characters, PEM after 64): white space after
/// a long enough run of base64 characters is passed over, and the match goes on behind it. Everywhere else it ends a match.
/// </summary>
/// <param name="trie">The base64 forms of the secrets.</param>
internal sealed class WrapFollower(PatternTrie trie)
{
    /// <summary>The shortest run of base64 characters that is taken for a wrapped line: longer than almost every word.</summary>
    private const int MinWrappedRun = 16;

    /// <summary>The most white space in a row that is passed over: a line end and an indentation.</summary>
    private const int MaxGap = 64;

    /// <summary>Where the last bytes that count stood, because between them there may be others that were passed over.</summary>
    private readonly long[] places = new long[trie.MaxDepth + 1];
    private int last;
    private int run;
    private int gap;

    /// <summary>The automaton's node.</summary>
    private int node;

    /// <summary>Takes the byte at this place of the stream.</summary>
    /// <returns>Where the longest secret that ends here began, or -1.</returns>
    internal long Step(byte value, long at)
    {
        if (value is (byte)'\n' or (byte)'\r' or (byte)' ' or (byte)'\t')
        {
            PassOver(value);
            return -1;
        }

        // What is no base64 sets the run back; each line counts anew.
        run = !IsBase64(value) ? 0 : gap > 0 ? 1 : run + 1;
        gap = 0;
        last = last + 1 == places.Length ? 0 : last + 1;
        places[last] = at;
        node = trie.Step(node, value);
        var length = trie.Longest(node);
        return length == 0 ? -1 : PlaceOf(length);
    }

    /// <summary>Where the match in progress began; <paramref name="next"/> when there is none.</summary>
    internal long Start(long next) => node == PatternTrie.Root ? next : PlaceOf(trie.Depth(node));

    private void PassOver(byte value)
    {
        gap++;
        var wraps = run >= MinWrappedRun && gap <= MaxGap && (gap > 1 || value is (byte)'\n' or (byte)'\r');
        if (!wraps)
        {
            (node, run) = (PatternTrie.Root, 0);
        }
    }

    /// <summary>The place of the byte that stands this many before the next one.</summary>
    private long PlaceOf(int back)
    {
        var index = last - back + 1;
        return places[index < 0 ? index + places.Length : index];
    }

    private static bool IsBase64(byte value) =>
        char.IsAsciiLetterOrDigit((char)value) || value is (byte)'+' or (byte)'/' or (byte)'-' or (byte)'_' or (byte)'=';
}
