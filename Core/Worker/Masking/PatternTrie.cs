namespace IacCi.Core.Worker.Masking;

/// <summary>
/// Finds all of many patterns in one pass (Aho and Corasick, "Efficient string matching", CACM 1975). Nodes are numbers in flat
/// arrays and children are linked lists, because almost every node has one child; the root and nodes with many have a table.
/// </summary>
internal sealed class PatternTrie
{
    /// <summary>The node of nothing matched.</summary>
    internal const int Root = 0;

    private const int FirstRoom = 64;

    /// <summary>From so many children on, a node has a table too: walking a list of them for each byte of a log takes too long.</summary>
    private const int ManyChildren = 12;

    private readonly int[] rootChildren = new int[256];
    private byte[] labels = new byte[FirstRoom];
    private int[] firstChild = new int[FirstRoom];
    private int[] nextSibling = new int[FirstRoom];
    private int[] depth = new int[FirstRoom];
    private int[] longest = new int[FirstRoom];
    private int[] fallback = [];
    private int[]?[] tables = [];
    private ulong beginnings6;
    private ulong beginnings4;
    private ulong beginnings2;
    private int count = 1;

    /// <summary>Builds the automaton.</summary>
    internal PatternTrie(IEnumerable<byte[]> patterns)
    {
        foreach (var pattern in patterns)
        {
            Add(pattern);
        }

        fallback = new int[count];
        tables = new int[count][];
        MakeTables();
        Link();
    }

    /// <summary>Whether there is nothing to find.</summary>
    internal bool IsEmpty => count == 1;

    /// <summary>How many bytes before and including the last one are the beginning of a pattern.</summary>
    internal int Depth(int node) => depth[node];

    /// <summary>The length of the longest pattern that ends with the last byte; 0 when none does.</summary>
    internal int Longest(int node) => longest[node];

    /// <summary>The length of the longest pattern of all.</summary>
    internal int MaxDepth { get; private set; }

    /// <summary>Whether a pattern's first byte may begin with these bits.</summary>
    /// <param name="bits">The bits.</param>
    /// <param name="count">How many they are: 2, 4 or 6.</param>
    internal bool MayBegin(int bits, int count) =>
        ((count switch { 6 => beginnings6, 4 => beginnings4, _ => beginnings2 }) >> bits & 1) != 0;

    /// <summary>Whether a pattern begins with this byte.</summary>
    internal bool MayBegin(byte value) => rootChildren[value] != Root;

    /// <summary>Takes one byte.</summary>
    internal int Step(int node, byte value)
    {
        while (node != Root)
        {
            var child = Child(node, value);
            if (child != 0)
            {
                return child;
            }

            node = fallback[node];
        }

        return rootChildren[value];
    }

    private int Child(int node, byte value)
    {
        if (tables.Length > node && tables[node] is { } table)
        {
            return table[value];
        }

        var child = firstChild[node];
        while (child != 0 && labels[child] != value)
        {
            child = nextSibling[child];
        }

        return child;
    }

    private void Add(byte[] pattern)
    {
        var node = Root;
        foreach (var value in pattern)
        {
            var child = node == Root ? rootChildren[value] : Child(node, value);
            node = child != 0 ? child : NewChild(node, value);
        }

        longest[node] = pattern.Length;
        MaxDepth = Math.Max(MaxDepth, pattern.Length);
    }

    private int NewChild(int parent, byte value)
    {
        var node = count++;
        if (node == labels.Length)
        {
            Grow(2 * node);
        }

        labels[node] = value;
        nextSibling[node] = firstChild[parent];
        depth[node] = depth[parent] + 1;
        firstChild[parent] = node;
        if (parent == Root)
        {
            rootChildren[value] = node;
        }

        return node;
    }

    private void Grow(int room)
    {
        Array.Resize(ref labels, room);
        Array.Resize(ref firstChild, room);
        Array.Resize(ref nextSibling, room);
        Array.Resize(ref depth, room);
        Array.Resize(ref longest, room);
    }

    private void MakeTables()
    {
        for (var node = 0; node < count; node++)
        {
            var children = 0;
            for (var child = firstChild[node]; child != 0; child = nextSibling[child])
            {
                children++;
            }

            if (children >= ManyChildren)
            {
                var table = new int[256];
                for (var child = firstChild[node]; child != 0; child = nextSibling[child])
                {
                    table[labels[child]] = child;
                }

                tables[node] = table;
            }
        }

        for (var first = 0; first < rootChildren.Length; first++)
        {
            if (rootChildren[first] != 0)
            {
                beginnings6 |= 1UL << (first >> 2);
                beginnings4 |= 1UL << (first >> 4);
                beginnings2 |= 1UL << (first >> 6);
            }
        }
    }

    /// <summary>Breadth first, so that what a node falls back to is linked before it.</summary>
    private void Link()
    {
        var open = new Queue<int>([Root]);
        while (open.TryDequeue(out var node))
        {
            for (var child = firstChild[node]; child != 0; child = nextSibling[child])
            {
                fallback[child] = node == Root ? Root : Step(fallback[node], labels[child]);
                longest[child] = Math.Max(longest[child], longest[fallback[child]]);
                open.Enqueue(child);
            }
        }
    }
}
