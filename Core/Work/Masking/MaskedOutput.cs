using System.Buffers;

namespace IacCi.Core.Work.Masking;

/// <summary>
/// One stream that is being masked. It passes on at once what cannot belong to a secret any more, and holds back the rest: at most
/// the longest beginning of a secret that the stream ends with.
/// </summary>
/// <param name="masker">What is masked.</param>
/// <param name="next">Gets the masked stream.</param>
public sealed class MaskedOutput(SecretMasker masker, IOutputSink next) : IOutputSink
{
    /// <summary>How many bytes are looked at before something is passed on.</summary>
    private const int SliceBytes = 64 * 1024;

    private readonly WrapFollower encoded = new(masker.Encoded);
    private readonly ArrayBufferWriter<byte> ready = new();
    private byte[] held = [];
    private bool[] secret = [];
    private int count;
    private long start;
    private int plainNode;
    private int markedFrom;
    private int markedTo;
    private bool inSecret;

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> output)
    {
        if (masker.Plain.IsEmpty)
        {
            next.Write(output);
            return;
        }

        while (!output.IsEmpty)
        {
            var slice = output[..Math.Min(output.Length, SliceBytes)];
            Scan(slice);
            PassOn(FirstUndecided());
            output = output[slice.Length..];
        }
    }

    /// <summary>The stream has ended: what was held back is no secret.</summary>
    public void Complete()
    {
        PassOn(count);
        plainNode = PatternTrie.Root;
    }

    private void Scan(ReadOnlySpan<byte> slice)
    {
        MakeRoom(slice.Length);
        slice.CopyTo(held.AsSpan(count));
        var plain = masker.Plain;
        var node = plainNode;
        foreach (var value in slice)
        {
            node = plain.Step(node, value);
            var begin = encoded.Step(value, start + count);
            count++;
            var length = plain.Longest(node);
            if (length > 0)
            {
                Mark(count - length);
            }

            if (begin >= 0)
            {
                Mark((int)(begin - start));
            }
        }

        plainNode = node;
    }

    private int FirstUndecided() =>
        (int)Math.Min(count - masker.Plain.Depth(plainNode), encoded.Start(start + count) - start);

    /// <summary>Marks everything from here to the last byte; what the marks before it cover is not marked again.</summary>
    private void Mark(int from)
    {
        if (from >= markedFrom && from <= markedTo)
        {
            secret.AsSpan(markedTo, count - markedTo).Fill(true);
        }
        else
        {
            secret.AsSpan(from, count - from).Fill(true);
            markedFrom = from;
        }

        markedTo = count;
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
