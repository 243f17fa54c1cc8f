using IacCi.Core.Jobs.Rules;
using IacCi.Core.Model;

namespace IacCi.Core.Jobs;

/// <summary>Which order of a job waits for which, with the names resolved.</summary>
internal sealed class JobGraph
{
    private JobGraph(Job job, IReadOnlyList<IReadOnlyList<OrderNum>> dependencies)
    {
        Job = job;
        Dependencies = dependencies;
        Levels = LevelsOf(dependencies);
        InOrder = [.. Enumerable.Range(0, dependencies.Count).OrderBy(index => Levels[index]).Select(OrderNum.At)];
    }

    /// <summary>The job.</summary>
    public Job Job { get; }

    /// <summary>For each order, by index, the orders that it names as its dependencies, in the order in which it names them.</summary>
    public IReadOnlyList<IReadOnlyList<OrderNum>> Dependencies { get; }

    /// <summary>For each order, by index, the number of orders on the longest way to it: 0 for one that waits for none.</summary>
    public IReadOnlyList<int> Levels { get; }

    /// <summary>All orders so that each comes behind its dependencies: by level, and within a level as in the job.</summary>
    public IReadOnlyList<OrderNum> InOrder { get; }

    /// <summary>The graph of a job.</summary>
    /// <exception cref="ArgumentException">It does not come out of <see cref="JobReader"/>: a dependency is unknown, or waits for
    /// itself.</exception>
    public static JobGraph Of(Job job)
    {
        var names = OrderNames.Of(job.Orders);
        OrderNum Find(string name) =>
            names.Find(name) is { } index ? OrderNum.At(index) : throw new ArgumentException($"no order is called {name}", nameof(job));
        return new JobGraph(job, [.. job.Orders.Select(order => (IReadOnlyList<OrderNum>)[.. order.Dependencies.Select(Find)])]);
    }

    /// <summary>The name people see of an order.</summary>
    public string NameOf(OrderNum num) => Job.Orders[num.Index].NameAt(num.Index);

    /// <summary>Kahn's algorithm: an order's level is known when those of all its dependencies are.</summary>
    private static int[] LevelsOf(IReadOnlyList<IReadOnlyList<OrderNum>> dependencies)
    {
        var levels = new int[dependencies.Count];
        var waits = dependencies.Select(list => list.Count).ToArray();
        var dependents = dependencies.Select(_ => new List<int>()).ToArray();
        for (var i = 0; i < dependencies.Count; i++)
        {
            foreach (var dependency in dependencies[i])
            {
                dependents[dependency.Index].Add(i);
            }
        }

        var ready = new Queue<int>(Enumerable.Range(0, waits.Length).Where(i => waits[i] == 0));
        var settled = 0;
        for (; ready.TryDequeue(out var current); settled++)
        {
            foreach (var dependent in dependents[current])
            {
                levels[dependent] = Math.Max(levels[dependent], levels[current] + 1);
                if (--waits[dependent] == 0)
                {
                    ready.Enqueue(dependent);
                }
            }
        }

        return settled == levels.Length
            ? levels
            : throw new ArgumentException("orders wait for each other in a circle", nameof(dependencies));
    }
}
