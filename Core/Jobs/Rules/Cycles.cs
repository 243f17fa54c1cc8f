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
        var group = new GroupSearch(graph).Find();
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
    /// Finds the groups: Tarjan's algorithm ("Depth-first search and linear graph algorithms", 1972) with its stack of calls as a list.
    /// </summary>
    private sealed class GroupSearch(int[][] graph)
    {
        /// <summary>For each order the number of its group.</summary>
        private readonly int[] group = new int[graph.Length];

        /// <summary>When an order was entered, counted from 1; 0 when it was not.</summary>
        private readonly int[] entered = new int[graph.Length];

        /// <summary>The earliest order that is known to be in the same group, by when it was entered.</summary>
        private readonly int[] earliest = new int[graph.Length];

        /// <summary>The orders that have been entered and are in no group yet.</summary>
        private readonly Stack<int> open = new();
        private readonly bool[] isOpen = new bool[graph.Length];

        /// <summary>The orders on the way from the root to here, and which of their dependencies comes next.</summary>
        private readonly Stack<(int Order, int Next)> calls = new();
        private int count;
        private int groups;

        /// <summary>The number of each order's group.</summary>
        public int[] Find()
        {
            for (var root = 0; root < graph.Length; root++)
            {
                if (entered[root] == 0)
                {
                    Enter(root);
                }

                while (calls.TryPop(out var call))
                {
                    GoOn(call.Order, call.Next);
                }
            }

            return group;
        }

        private void Enter(int order)
        {
            entered[order] = earliest[order] = ++count;
            open.Push(order);
            isOpen[order] = true;
            calls.Push((order, 0));
        }

        /// <summary>Goes through an order's dependencies, from the next one on, until one has to be entered first.</summary>
        private void GoOn(int order, int next)
        {
            for (; next < graph[order].Length; next++)
            {
                var target = graph[order][next];
                if (entered[target] == 0)
                {
                    calls.Push((order, next)); // Looked at again when the target is done: then it has been entered.
                    Enter(target);
                    return;
                }

                if (isOpen[target])
                {
                    earliest[order] = Math.Min(earliest[order], earliest[target]);
                }
            }

            if (earliest[order] == entered[order])
            {
                Close(order);
            }
        }

        /// <summary>The order, and all that were entered after it and are open, are one group.</summary>
        private void Close(int order)
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
