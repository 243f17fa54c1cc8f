namespace IacCi.Core.Work.Masking;

/// <summary>
/// Finds all of many patterns in one pass (Aho and Corasick, "Efficient string matching", CACM 1975). Nodes are numbers in flat
/// arrays and children are linked lists, because almost every node has one child; the root has a table.
/// </summary>
internal sealed class PatternTrie
{
    /// <summary>The node of nothing matched.</summary>
    internal const int Root = 0;

    private const int FirstRoom = 64;

    private readonly int[] rootChildren = new int[256];
    private byte[] labels = new byte[FirstRoom];
    private int[] firstChild = new int[FirstRoom];
    private int[] nextSibling = new int[FirstRoom];
    private int[] depth = new int[FirstRoom];
    private int[] longest = new int[FirstRoom];
    private int[] fallback = [];
    private int count = 1;

    /// <summary>Builds the automaton.</summary>
    internal PatternTrie(IEnumerable<byte[]> patterns)
    {
        foreach (var pattern in patterns)
        {
            Add(pattern);
        }

        fallback = new int[count];
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
