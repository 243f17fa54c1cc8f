namespace IacCi.Core.Worker.Masking;

/// <summary>
/// Undoes one encoding in a stream, byte by byte, into readings of its own. It sleeps while what it would read is what stands there.
/// </summary>
internal abstract class Decoder
{
    /// <summary>Takes up where the reading is that it decodes, before that takes the byte that began at this place.</summary>
    internal abstract void Wake(Reading source, long begin);

    /// <summary>Takes one byte of the reading that it decodes.</summary>
    /// <returns>Whether it has to see the next one, whatever that is.</returns>
    internal abstract bool Take(byte value, long begin);

    /// <summary>Whether it is in the middle of what may be a secret.</summary>
    internal abstract bool IsMatching { get; }

    /// <summary>Nothing is matched any more.</summary>
    internal abstract void Forget();

    /// <summary>From where on it is not decided yet what is secret; <paramref name="next"/> is the place of the next byte.</summary>
    internal abstract long Undecided(long next);
}

/// <summary>What a beginning of an escape is.</summary>
internal enum EscapeVerdict
{
    /// <summary>It may go on.</summary>
    More,

    /// <summary>It is complete.</summary>
    Done,

    /// <summary>It is none.</summary>
    None,
}

/// <summary>Undoes an encoding in which most characters stand for themselves and some are written as escapes.</summary>
/// <param name="output">What is read.</param>
internal abstract class EscapeDecoder(Reading output) : Decoder
{
    /// <summary>The longest escape: two halves of a character beyond the first 65,536, as JSON writes them.</summary>
    private const int MaxEscapeBytes = 12;

    private readonly byte[] pending = new byte[MaxEscapeBytes];
    private readonly long[] begins = new long[MaxEscapeBytes];
    private int count;

    /// <summary>
    /// How many bytes were read as they stand since the last escape. When no match reaches further back, this reading adds nothing.
    /// </summary>
    private long since;

    /// <summary>What an escape begins with.</summary>
    protected abstract bool IsFirst(byte value);

    /// <summary>What an escape stands for.</summary>
    /// <param name="escape">Its bytes so far.</param>
    /// <param name="decoded">Gets what it stands for: at most four bytes.</param>
    /// <param name="length">How many these are.</param>
    protected abstract EscapeVerdict Decode(ReadOnlySpan<byte> escape, Span<byte> decoded, out int length);

    internal override bool IsMatching => count > 0 || output.IsMatching;

    internal override void Wake(Reading source, long begin)
    {
        output.Follow(source, begin);
        (count, since) = (0, 0);
    }

    internal override bool Take(byte value, long begin)
    {
        if (count == 0 && !IsFirst(value))
        {
            since++;
            output.Push(value, begin, begin);
        }
        else
        {
            (pending[count], begins[count]) = (value, begin);
            count++;
            Decide();
        }

        return count > 0 || output.IsFollowed || output.Depth > since;
    }

    internal override void Forget()
    {
        output.Forget();
        count = 0;
    }

    internal override long Undecided(long next) => Math.Min(output.Undecided(next), count > 0 ? begins[0] : next);

    private void Decide()
    {
        Span<byte> decoded = stackalloc byte[4];
        var verdict = Decode(pending.AsSpan(0, count), decoded, out var length);
        if (verdict == EscapeVerdict.Done)
        {
            count = 0;
            since = 0;
            foreach (var value in decoded[..length])
            {
                output.Push(value, begins[0], begins[0]);
            }
        }
        else if (verdict == EscapeVerdict.None || count == MaxEscapeBytes)
        {
            // The last byte may begin another one.
            var last = count - 1;
            count = 0;
            for (var i = 0; i < last; i++)
            {
                since++;
                output.PushEarlier(pending[i], begins[i], begins[i + 1]);
            }

            _ = Take(pending[last], begins[last]);
        }
    }
}
