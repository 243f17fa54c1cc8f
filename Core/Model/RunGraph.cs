namespace IacCi.Core.Model;

/// <summary>
/// The dependency graph of a plan in the form that decisions need: dependencies by index, and an order that respects them.
/// </summary>
internal sealed class RunGraph
{
    private readonly int[][] dependencies;

    /// <summary>Reads the graph of a plan.</summary>
    /// <exception cref="InvalidOperationException">The plan has a cycle; intake refuses those, so this one did not come from
    /// it.</exception>
    public RunGraph(RunPlan plan)
    {
        Plan = plan;
        dependencies = [.. plan.Orders.Select(order => order.Dependencies.Select(d => d.Index).ToArray())];
        Topological = Sort(dependencies);
    }

    /// <summary>The plan that this is the graph of.</summary>
    public RunPlan Plan { get; }

    /// <summary>Indices of orders, dependencies first; where both are possible, by number.</summary>
    public IReadOnlyList<int> Topological { get; }

    /// <summary>The indices that the order at this index waits for.</summary>
    public ReadOnlySpan<int> DependenciesOf(int index) => dependencies[index];

    private static int[] Sort(int[][] dependencies)
    {
        var count = dependencies.Length;
        var waiting = new int[count];
        var dependents = new List<int>?[count];
        for (var i = 0; i < count; i++)
        {
            waiting[i] = dependencies[i].Length;
            foreach (var d in dependencies[i])
            {
                (dependents[d] ??= []).Add(i);
            }
        }

        var ready = new PriorityQueue<int, int>(Enumerable.Range(0, count).Where(i => waiting[i] == 0).Select(i => (i, i)));
        var sorted = new int[count];
        var done = 0;
        while (ready.TryDequeue(out var next, out _))
        {
            sorted[done++] = next;
            foreach (var dependent in dependents[next] ?? [])
            {
                if (--waiting[dependent] == 0)
                {
                    ready.Enqueue(dependent, dependent);
                }
            }
        }

        return done == count ? sorted : throw new InvalidOperationException("the plan's dependencies have a cycle");
    }
}
