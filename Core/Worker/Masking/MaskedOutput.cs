using System.Buffers;

namespace IacCi.Core.Worker.Masking;

/// <summary>
/// One stream that is being masked. It passes on at once what cannot belong to a secret any more, and holds back the rest: at most
/// the longest beginning of a secret that the stream ends with.
/// <para>
/// 1. Each byte goes to <c>held</c>, and to the reading of the stream as it stands; that feeds the decoders. 2. A reading in which a
/// secret ends
/// marks in <c>secret</c> all bytes from the one where that secret began. 3. After a slice, all readings tell from where on they are in the
/// middle of something. What stands before that is passed on, with <c>***</c> for each stretch that is marked.
/// </para>
/// </summary>
internal sealed class MaskedOutput : IOutputSink
{
    /// <summary>How many bytes are looked at before something is passed on.</summary>
    private const int SliceBytes = 64 * 1024;

    private readonly IOutputSink next;
    private readonly Matching matching;
    private readonly Reading? plain;
    private readonly ArrayBufferWriter<byte> ready = new();

    /// <summary>What is not passed on yet, and for each byte of it whether it belongs to a secret.</summary>
    private byte[] held = [];
    private bool[] secret = [];
    private int count;

    /// <summary>The place in the stream of the first byte that is held.</summary>
    private long start;

    /// <summary>The last marks: what they cover is not marked again.</summary>
    private int markedFrom;
    private int markedTo;
    private bool inSecret;

    /// <summary>A stream.</summary>
    /// <param name="masker">What is masked.</param>
    /// <param name="next">Gets the masked stream.</param>
    public MaskedOutput(SecretMasker masker, IOutputSink next)
    {
        this.next = next;
        matching = new Matching(masker.Trie, Mark);
        plain = masker.Trie.IsEmpty ? null : new Reading(matching, EncodingSet.Outer, isPlain: true);
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> output)
    {
        if (plain is null)
        {
            next.Write(output);
            return;
        }

        while (!output.IsEmpty)
        {
            var slice = output[..Math.Min(output.Length, SliceBytes)];
            Scan(slice);
            PassOn((int)Math.Max(0, plain.Undecided(start + count) - start));
            output = output[slice.Length..];
        }
    }

    /// <summary>The stream has ended: what was held back is no secret.</summary>
    public void Complete()
    {
        PassOn(count);
        plain?.Forget();
    }

    private void Scan(ReadOnlySpan<byte> slice)
    {
        MakeRoom(slice.Length);
        slice.CopyTo(held.AsSpan(count));
        foreach (var value in slice)
        {
            var place = start + count;
            count++;
            matching.End = place + 1;
            plain!.Push(value, place, place);
        }
    }

    /// <summary>Marks a stretch; what the marks before it cover is not marked again.</summary>
    private void Mark(long begin, long end)
    {
        // What a decoder held back for too long may have been passed on.
        var (from, to) = ((int)Math.Max(0, begin - start), (int)Math.Max(0, end - start));
        if (from < markedFrom || from > markedTo)
        {
            (markedFrom, markedTo) = (from, from);
        }

        if (to > markedTo)
        {
            secret.AsSpan(markedTo, to - markedTo).Fill(true);
            markedTo = to;
        }
    }

    private void PassOn(int upTo)
    {
        for (var at = 0; at < upTo;)
        {
            var isSecret = secret[at];
            var rest = secret.AsSpan(at, upTo - at);
            var length = isSecret ? rest.IndexOf(false) : rest.IndexOf(true);
            length = length < 0 ? rest.Length : length;
            if (!isSecret)
            {
                ready.Write(held.AsSpan(at, length));
            }
            else if (!inSecret)
            {
                ready.Write("***"u8);
            }

            inSecret = isSecret;
            at += length;
        }

        Shift(upTo);
        if (ready.WrittenCount > 0)
        {
            next.Write(ready.WrittenSpan);
            ready.ResetWrittenCount();
        }
    }

    private void Shift(int by)
    {
        held.AsSpan(by, count - by).CopyTo(held);
        secret.AsSpan(by, count - by).CopyTo(secret);
        secret.AsSpan(count - by, by).Clear();
        count -= by;
        start += by;
        (markedFrom, markedTo) = (Math.Max(0, markedFrom - by), Math.Max(0, markedTo - by));
    }

    private void MakeRoom(int more)
    {
        if (held.Length - count < more)
        {
            var room = Math.Max(count + more, held.Length * 2);
            Array.Resize(ref held, room);
            Array.Resize(ref secret, room);
        }
    }
}
