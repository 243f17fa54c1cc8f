using System.Numerics;

namespace IacCi.Core.Worker.Masking;

/// <summary>What readings of one stream share.</summary>
/// <param name="Trie">The secrets.</param>
/// <param name="Mark">Is told of each secret where it begins, and where what comes behind it begins.</param>
internal sealed record Matching(PatternTrie Trie, Action<long, long> Mark)
{
    internal static readonly bool[] NeverIdle = new bool[256];

    private readonly Dictionary<EncodingSet, bool[]> idle = [];

    /// <summary>The place behind the byte at hand.</summary>
    internal long End { get; set; }

    /// <summary>For each byte, whether neither a secret nor one of these encodings begins with it.</summary>
    internal bool[] IdleFor(EncodingSet inner)
    {
        if (!idle.TryGetValue(inner, out var found))
        {
            found = idle[inner] = new bool[256];
            for (var value = 0; value < found.Length; value++)
            {
                found[value] = !Trie.MayBegin((byte)value) && (inner.Triggers.Length == 0 || inner.Triggers[value] == 0);
            }
        }

        return found;
    }

    /// <summary>
    /// The most bytes that a match in progress may span: with what stands between and around its characters it may grow, but not without
    /// end.
    /// </summary>
    internal long MaxSpan => (64 << 10) + (16L * Trie.MaxDepth);
}

/// <summary>
/// One reading of a stream, matched against the secrets: the bytes as they stand, or what a decoder makes of them. Of each byte it knows
/// where in the stream it began, so that a secret is masked with everything that encodes it.
/// <para>
/// An example: the secret is <c>pass</c>, and from byte 5 on the stream has <c>pa%73s</c>.
/// </para>
/// <list type="number">
/// <item>The plain reading takes <c>p</c> and <c>a</c>: <see cref="node"/> is two steps down in the trie, so <see cref="Depth"/> is 2, and
/// <see cref="begins"/> ends with their places, 5 and 6.</item>
/// <item><c>%</c> wakes the decoder of URLs. Its reading follows the plain one (<see cref="Follow"/>): it takes over the node, and instead
/// of the places of those two bytes it keeps <see cref="carriedEnd"/>, 7, because they stand one after the other in front of it.</item>
/// <item>The plain reading takes the <c>%</c>, which is no part of <c>pass</c>, and is back at the root.</item>
/// <item>With <c>%73</c> the decoder pushes <c>s</c>, which began at 7, and then the other <c>s</c>, at 10: <see cref="recorded"/> is 2.
/// Now the node ends a secret of four bytes. <see cref="PlaceOf"/> says that the first of the four began at 5: two are recorded, and
/// two more stand before byte 7. So 5 to 11 is marked.</item>
/// <item>A reading of what a terminal shows can take bytes back. Its <see cref="history"/> has what the node and <see cref="recorded"/>
/// were before each of the last bytes.</item>
/// </list>
/// </summary>
internal sealed class Reading
{
    /// <summary>How many bytes can be taken back.</summary>
    internal const int MaxHistory = 64;

    /// <summary>The most bytes of a match that a decoder takes over from a reading that is itself decoded.</summary>
    private const int MaxCarried = 1_024;

    private readonly Matching matching;
    private readonly Decoder[] decoders;
    private readonly ulong[] triggers;
    private readonly (int Node, long Recorded, byte Value)[]? history;
    private readonly bool isPlain;

    /// <summary>For each byte, whether neither a secret nor an inner encoding begins with it. A reading with a history takes all.</summary>
    private readonly bool[] isIdle;
    private long[] begins = [];

    /// <summary>Which decoders have to see the next byte.</summary>
    private ulong awake;

    /// <summary>How many bytes were recorded since it began to follow; those of the match in progress are the last ones.</summary>
    private long recorded;

    /// <summary>The place behind those bytes of the match that came before: they stand one after the other in the stream.</summary>
    private long carriedEnd;

    /// <summary>Where in the trie of secrets the match in progress is.</summary>
    private int node;

    /// <summary>How many bytes have gone into the history; it keeps the last ones, in turn.</summary>
    private long taken;

    /// <summary>What <see cref="taken"/> was when it began to follow: the bytes before are those of the reading that it follows.</summary>
    private long followedSince;

    /// <summary>How many of the last bytes can be taken back.</summary>
    private int available;

    /// <summary>A reading and those that are derived from it.</summary>
    /// <param name="matching">What all readings of the stream share.</param>
    /// <param name="inner">What decodes this reading further.</param>
    /// <param name="isPlain">These are the stream's own bytes.</param>
    /// <param name="hasHistory">Bytes may be taken back.</param>
    internal Reading(Matching matching, EncodingSet inner, bool isPlain = false, bool hasHistory = false)
    {
        (this.matching, this.isPlain, decoders, triggers) = (matching, isPlain, inner.Make(matching), inner.Triggers);
        history = hasHistory || isPlain ? new (int, long, byte)[MaxHistory] : null;
        isIdle = history is null ? matching.IdleFor(inner) : Matching.NeverIdle;
    }

    /// <summary>How many of the last bytes are the beginning of a secret.</summary>
    internal int Depth => matching.Trie.Depth(node);

    /// <summary>Whether no byte has come before.</summary>
    internal bool IsFresh { get; private set; } = true;

    /// <summary>Whether a decoder that reads from this one is in the middle of something.</summary>
    internal bool IsFollowed => awake != 0;

    /// <summary>Whether this reading, or one that decodes it further, is in the middle of what may be a secret.</summary>
    internal bool IsMatching
    {
        get
        {
            var found = node != PatternTrie.Root;
            for (var left = awake; left != 0 && !found; left &= left - 1)
            {
                found = decoders[BitOperations.TrailingZeroCount(left)].IsMatching;
            }

            return found;
        }
    }

    /// <summary>Takes one byte, which ends with the byte at hand of the stream.</summary>
    /// <param name="value">The byte.</param>
    /// <param name="begin">Where in the stream it began.</param>
    /// <param name="innerBegin">Where it begins for what decodes it further.</param>
    internal void Push(byte value, long begin, long innerBegin)
    {
        if (node == PatternTrie.Root && awake == 0 && isIdle[value])
        {
            // Nothing is in progress, and nothing begins: so it is with almost every byte of what chance decodes.
            IsFresh = false;
            return;
        }

        if (triggers.Length > 0 && (triggers[value] | awake) is var wanted and not 0)
        {
            Feed(wanted, value, innerBegin);
        }

        IsFresh = false;
        if (history is not null)
        {
            history[taken++ % MaxHistory] = (node, recorded, value);
            available = Math.Min(available + 1, MaxHistory);
        }

        node = matching.Trie.Step(node, value);
        if (node == PatternTrie.Root)
        {
            return;
        }

        Record(begin);
        var length = matching.Trie.Longest(node);
        if (length > 0)
        {
            matching.Mark(PlaceOf(length), matching.End);
        }
    }

    /// <summary>Takes one byte that ended earlier in the stream than with the byte at hand.</summary>
    internal void PushEarlier(byte value, long begin, long end)
    {
        var now = matching.End;
        matching.End = end;
        Push(value, begin, begin);
        matching.End = now;
    }

    /// <summary>Takes back the last character: all bytes of it (UTF-8).</summary>
    /// <returns>Where it began, if it was part of a match in progress; else -1.</returns>
    internal long Pop()
    {
        var bytes = LastCharacterBytes;
        var begin = bytes > 0 && Depth >= bytes ? PlaceOf(bytes) : -1;
        if (bytes == 0)
        {
            node = PatternTrie.Root;
        }

        for (; bytes > 0; bytes--)
        {
            available--;
            (node, var before, _) = history![--taken % MaxHistory];
            if (taken >= followedSince)
            {
                recorded = before;
            }
            else
            {
                (recorded, carriedEnd, followedSince) = (0, carriedEnd - 1, taken);
            }
        }

        return begin;
    }

    /// <summary>
    /// From where on it would not be decided what is secret if some of the last bytes were taken back; <paramref name="next"/> when none
    /// could be.
    /// </summary>
    /// <param name="bytes">At most so many.</param>
    /// <param name="next">The place of the next byte.</param>
    internal long UndecidedWithoutTheLast(int bytes, long next)
    {
        var first = next;
        for (var back = 1; back <= Math.Min(bytes, available) && taken - back >= followedSince; back++)
        {
            var (before, recordedBefore, _) = history![(taken - back) % MaxHistory];
            if (before != PatternTrie.Root)
            {
                first = Math.Min(first, PlaceOf((int)(recorded - recordedBefore) + matching.Trie.Depth(before)));
            }
        }

        return first;
    }

    /// <summary>Begins where another reading is, before its next byte, which began at this place.</summary>
    internal void Follow(Reading source, long begin)
    {
        Forget();
        if (source.isPlain)
        {
            (node, carriedEnd) = (source.node, begin);
            if (history is not null)
            {
                source.history!.CopyTo(history, 0);
                (taken, followedSince, available) = (source.taken, source.taken, source.available);
            }

            return;
        }

        if (source.Depth <= MaxCarried)
        {
            node = source.node;
            for (var back = Depth; back > 0; back--)
            {
                Record(source.PlaceOf(back));
            }
        }
    }

    /// <summary>Nothing is matched any more.</summary>
    internal void Forget()
    {
        (node, recorded, available, IsFresh) = (PatternTrie.Root, 0, 0, true);
        if (awake != 0)
        {
            for (var left = awake; left != 0; left &= left - 1)
            {
                decoders[BitOperations.TrailingZeroCount(left)].Forget();
            }

            awake = 0;
        }
    }

    /// <summary>From where on it is not decided yet what is secret.</summary>
    /// <param name="next">The place of the next byte.</param>
    internal long Undecided(long next)
    {
        var first = node == PatternTrie.Root ? next : PlaceOf(Depth);
        for (var left = awake; left != 0; left &= left - 1)
        {
            first = Math.Min(first, decoders[BitOperations.TrailingZeroCount(left)].Undecided(next));
        }

        if (next - first <= matching.MaxSpan)
        {
            return first;
        }

        // What stands within it has no end: it is given up, and what was recognized of it is masked already.
        Forget();
        return next;
    }

    private void Feed(ulong wanted, byte value, long begin)
    {
        for (; wanted != 0; wanted &= wanted - 1)
        {
            var index = BitOperations.TrailingZeroCount(wanted);
            var bit = 1UL << index;
            if ((awake & bit) == 0)
            {
                decoders[index].Wake(this, begin);
            }

            awake = decoders[index].Take(value, begin) ? awake | bit : awake & ~bit;
        }
    }

    private void Record(long begin)
    {
        if (Depth + (history is null ? 0 : MaxHistory) > begins.Length)
        {
            Grow();
        }

        begins[recorded++ & (begins.Length - 1)] = begin;
    }

    private void Grow()
    {
        var larger = new long[Math.Max(history is null ? 16 : 2 * MaxHistory, begins.Length * 2)];
        for (var back = Math.Min(recorded, begins.Length); back > 0; back--)
        {
            larger[(recorded - back) & (larger.Length - 1)] = begins[(recorded - back) & (begins.Length - 1)];
        }

        begins = larger;
    }

    /// <summary>How many bytes the last character has; 0 when it is not known any more.</summary>
    private int LastCharacterBytes
    {
        get
        {
            var bytes = 1;
            while (bytes <= Math.Min(available, 4) && (history![(taken - bytes) % MaxHistory].Value & 0xC0) == 0x80)
            {
                bytes++;
            }

            return bytes <= Math.Min(available, 4) ? bytes : 0;
        }
    }

    /// <summary>Where the byte began that stands this many before the next one.</summary>
    private long PlaceOf(int back) => back <= recorded ? begins[(recorded - back) & (begins.Length - 1)] : carriedEnd - (back - recorded);
}
