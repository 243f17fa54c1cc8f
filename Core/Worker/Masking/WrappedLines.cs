namespace IacCi.Core.Worker.Masking;

/// <summary>
/// The line ends that tools put into encoded text, each perhaps with an indentation behind it: they are passed over behind a run of
/// characters that is long enough.
/// </summary>
internal struct WrappedLines
{
    /// <summary>The shortest run of characters that is taken for a wrapped line: longer than almost every word.</summary>
    private const int MinRun = 16;

    /// <summary>The most white space in a row that is passed over: a line end and an indentation.</summary>
    private const int MaxGap = 64;

    private int run;
    private int gap;

    /// <summary>Whether the last byte was white space.</summary>
    internal readonly bool IsInGap => gap > 0;

    /// <summary>Takes a character of the encoding.</summary>
    internal void Take()
    {
        run = gap > 0 ? 1 : run + 1;
        gap = 0;
    }

    /// <summary>Takes any other byte.</summary>
    /// <returns>Whether it is passed over.</returns>
    internal bool PassesOver(byte other)
    {
        if (other is not ((byte)'\n' or (byte)'\r' or (byte)' ' or (byte)'\t'))
        {
            return false;
        }

        gap++;
        return run >= MinRun && gap <= MaxGap && (gap > 1 || other is (byte)'\n' or (byte)'\r');
    }
}
