namespace IacCi.Core.Model;

/// <summary>The parts of a flow id, <c>username:trace_id-flow_label</c>.</summary>
internal static class FlowName
{
    /// <summary>The flow label of a job that gives none.</summary>
    public const string DefaultLabel = "exec";

    /// <summary>Who asked for the run.</summary>
    public static string UserOf(string flowId, TraceId trace) => Find(flowId, trace) is >= 0 and var at ? flowId[..at] : flowId;

    /// <summary>The flow label.</summary>
    public static string LabelOf(string flowId, TraceId trace) =>
        Find(flowId, trace) is >= 0 and var at ? flowId[(at + trace.Value.Length + 2)..] : flowId;

    /// <summary>What people call the run: its flow label, unless that says nothing and there is a title.</summary>
    public static string TitleOf(string label, string? title) => label == DefaultLabel && !string.IsNullOrWhiteSpace(title) ? title : label;

    private static int Find(string flowId, TraceId trace) => flowId.IndexOf($":{trace}-", StringComparison.Ordinal);
}
