namespace IacCi.Core.Jobs.Rules;

/// <summary>
/// Finds circles in a graph, without recursion: a chain of 9,999 orders is as deep as the graph is big.
/// </summary>
internal static class Cycles
{
    /// <summary>
    /// One circle, a shortest through its first order, for each group of orders that all wait for each other (strongly connected
    /// component). Linear in orders and dependencies.
    /// </summary>
    /// <param name="graph">For each order the orders it waits for; none waits for itself.</param>
    public static IReadOnlyList<IReadOnlyList<int>> Find(int[][] graph)
    {
        var group = Groups(graph);
        var size = new int[graph.Length];
        Array.ForEach(group, id => size[id]++);
        var cycles = new List<IReadOnlyList<int>>();
        var reported = new bool[graph.Length];
        for (var i = 0; i < graph.Length; i++)
        {
            if (size[group[i]] > 1 && !reported[group[i]])
            {
                reported[group[i]] = true;
                cycles.Add(Around(i, graph, group));
            }
        }

        return cycles;
    }

    /// <summary>From the start along the dependencies, breadth first and within its group, back to the start.</summary>
    private static List<int> Around(int start, int[][] graph, int[] group)
    {
        var cameFrom = new Dictionary<int, int>();
        var next = new Queue<int>([start]);
        while (!cameFrom.ContainsKey(start))
        {
            var current = next.Dequeue();
            foreach (var target in graph[current])
            {
                if (group[target] == group[start] && cameFrom.TryAdd(target, current))
                {
                    next.Enqueue(target);
                }
            }
        }

        var path = new List<int>();
        for (var at = cameFrom[start]; at != start; at = cameFrom[at])
        {
            path.Add(at);
        }

        path.Add(start);
        path.Reverse();
        return path;
    }

    /// <summary>
    /// The number of each order's group: Tarjan's algorithm ("Depth-first search and linear graph algorithms", 1972) with its stack of
    /// calls as a list.
    /// </summary>
    private static int[] Groups(int[][] graph)
    {
        var (group, seen, low) = (new int[graph.Length], new int[graph.Length], new int[graph.Length]);
        var open = new Stack<int>();
        var isOpen = new bool[graph.Length];
        var calls = new Stack<(int Order, int Next)>();
        var (count, groups) = (0, 0);
        for (var root = 0; root < graph.Length; root++)
        {
            if (seen[root] == 0)
            {
                Enter(root);
            }

            while (calls.TryPop(out var call))
            {
                Go(call.Order, call.Next);
            }
        }

        return group;

        void Enter(int order)
        {
            seen[order] = low[order] = ++count;
            open.Push(order);
            isOpen[order] = true;
            calls.Push((order, 0));
        }

        void Go(int order, int next)
        {
            for (; next < graph[order].Length; next++)
            {
                var target = graph[order][next];
                if (seen[target] == 0)
                {
                    calls.Push((order, next)); // Looked at again when the target is done: then it has been seen.
                    Enter(target);
                    return;
                }

                low[order] = isOpen[target] ? Math.Min(low[order], low[target]) : low[order];
            }

            if (low[order] == seen[order])
            {
                Close(order);
            }
        }

        void Close(int order)
        {
            int member;
            do
            {
                member = open.Pop();
                isOpen[member] = false;
                group[member] = groups;
            }
            while (member != order);
            groups++;
        }
    }
}
