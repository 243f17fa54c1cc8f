using System.Text.Json;
using IacCi.Core.Model;

namespace IacCi.Core.Engine;

/// <summary>Reads the plans of runs, each once: they never change. Keeps the few that were used last.</summary>
/// <param name="objects">Where the plans are.</param>
/// <param name="open">Makes the graph out of a plan's bytes; null for <see cref="Open"/>. Many that stand in one process may share what
/// they make.</param>
internal sealed class RunPlans(IObjectStore objects, Func<ReadOnlyMemory<byte>, RunGraph>? open = null)
{
    /// <summary>The largest plan that is read: 9,999 orders with their dependencies stay far below it.</summary>
    public const long MaxPlanBytes = 64 << 20;

    private const int MaxKept = 8;

    private readonly LinkedList<RunGraph> kept = [];
    private readonly Lock gate = new();

    /// <summary>The graph of a run; null when its plan is gone.</summary>
    public async ValueTask<RunGraph?> FindAsync(RunId run, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            for (var node = kept.First; node is not null; node = node.Next)
            {
                if (node.Value.Plan.RunId == run)
                {
                    kept.Remove(node);
                    kept.AddFirst(node);
                    return node.Value;
                }
            }
        }

        if (await objects.GetAsync(RunKeys.Plan(run), MaxPlanBytes, cancellationToken) is not { } bytes)
        {
            return null;
        }

        var graph = (open ?? Open)(bytes);
        lock (gate)
        {
            kept.AddFirst(graph);
            if (kept.Count > MaxKept)
            {
                kept.RemoveLast();
            }
        }

        return graph;
    }

    /// <summary>The graph of a plan.</summary>
    public static RunGraph Open(ReadOnlyMemory<byte> json) => new(Read(json.Span));

    /// <summary>A plan as JSON.</summary>
    public static byte[] Write(RunPlan plan) => JsonSerializer.SerializeToUtf8Bytes(plan, RunJson.Default.RunPlan);

    /// <summary>Reads a plan back.</summary>
    public static RunPlan Read(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize(json, RunJson.Default.RunPlan)!;
}
