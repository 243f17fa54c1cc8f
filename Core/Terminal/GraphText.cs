using System.Text;
using IacCi.Core.Jobs;
using IacCi.Core.Model;

namespace IacCi.Core.Terminal;

/// <summary>
/// The graph as a tree for a terminal. Each order stands once, behind all of its dependencies and under the last of them; where it has
/// several, they are named beside it.
/// </summary>
internal static class GraphText
{
    /// <summary>From which depth on the tree is not indented further: a chain of thousands would be wider than any terminal.</summary>
    private const int MaxIndent = 20;

    /// <summary>How many dependencies are named beside an order.</summary>
    private const int MaxNames = 20;

    public static string Render(JobGraph graph)
    {
        var dependents = DependentsOf(graph);
        var waits = graph.Dependencies.Select(list => list.Count).ToArray();
        var text = new StringBuilder();
        var todo = new Stack<(OrderNum Num, int Depth)>();
        Push(graph.InOrder.Where(num => waits[num.Index] == 0), 0);
        while (todo.TryPop(out var next))
        {
            Line(text, graph, next.Num, next.Depth);
            Push(dependents[next.Num.Index].Where(num => --waits[num.Index] == 0), next.Depth + 1);
        }

        return text.ToString();

        void Push(IEnumerable<OrderNum> nums, int depth)
        {
            foreach (var num in nums.ToArray().Reverse())
            {
                todo.Push((num, depth));
            }
        }
    }

    private static List<OrderNum>[] DependentsOf(JobGraph graph)
    {
        var dependents = graph.Dependencies.Select(_ => new List<OrderNum>()).ToArray();
        foreach (var num in graph.InOrder)
        {
            foreach (var dependency in graph.Dependencies[num.Index])
            {
                dependents[dependency.Index].Add(num);
            }
        }

        return dependents;
    }

    private static void Line(StringBuilder text, JobGraph graph, OrderNum num, int depth)
    {
        text.Append(' ', 2 * Math.Min(depth, MaxIndent)).Append(graph.NameOf(num));
        var dependencies = graph.Dependencies[num.Index];
        if (dependencies.Count > 1 || depth > MaxIndent)
        {
            text.Append("  after ").AppendJoin(", ", dependencies.Take(MaxNames).Select(graph.NameOf));
            text.Append(dependencies.Count > MaxNames ? $" and {dependencies.Count - MaxNames} more" : "");
        }

        text.Append('\n');
    }
}
