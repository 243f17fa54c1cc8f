using System.Buffers;

namespace IacCi.Core.Worker.Masking;

/// <summary>
/// One stream that is being masked. It passes on at once what cannot belong to a secret any more, and holds back the rest: at most
/// the longest beginning of a secret that the stream ends with.
/// <para>
/// An example: the secret is <c>hunter2</c>, and the commands write <c>pw=hunt</c> and then <c>er2 ok</c>.
/// </para>
/// <list type="number">
/// <item>Each byte of <c>pw=hunt</c> goes to <see cref="held"/> and to the reading of the stream as it stands, <see cref="plain"/>; that
/// one feeds the decoders, which have readings of their own.</item>
/// <item>Then the readings tell from where on they are in the middle of something: the plain one from byte 3 of the stream, the <c>h</c>.
/// So <c>pw=</c> is passed on. <c>hunt</c> stays in <see cref="held"/>, and <see cref="start"/> becomes 3.</item>
/// <item>The next bytes come. With the <c>2</c> the plain reading has the whole secret, and says so: <c>Mark(3, 10)</c>. The first seven
/// bytes of <see cref="secret"/> become true. (A secret in base64 is found by a reading of that decoder, which marks the bytes of the
/// stream that encode it.)</item>
/// <item>No reading is in the middle of something: all that is held is passed on, <c>***</c> for the stretch that is marked, and
/// <c> ok</c>.</item>
/// </list>
/// </summary>
internal sealed class MaskedOutput : IOutputSink
{
    /// <summary>How many bytes are looked at before something is passed on.</summary>
    private const int SliceBytes = 64 * 1024;

    private readonly IOutputSink next;
    private readonly Matching matching;
    private readonly Reading? plain;
    private readonly ArrayBufferWriter<byte> ready = new();

    /// <summary>What is not passed on yet: its first <see cref="count"/> bytes.</summary>
    private byte[] held = [];

    /// <summary>For each byte that is held, whether it belongs to a secret.</summary>
    private bool[] secret = [];
    private int count;

    /// <summary>The place in the stream of the first byte that is held.</summary>
    private long start;

    /// <summary>
    /// The stretch of <see cref="secret"/> that was marked last. It is not marked again: in a long run of one letter, a secret of that
    /// letter ends at every byte.
    /// </summary>
    private int markedFrom;
    private int markedTo;

    /// <summary>Whether the byte that was passed on last belongs to a secret: then <c>***</c> stands for the next one already.</summary>
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

    /// <summary>Marks a stretch of the stream as secret.</summary>
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
