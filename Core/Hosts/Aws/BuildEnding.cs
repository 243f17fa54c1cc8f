using IacCi.Core.Engine;
using IacCi.Core.Hosts.Aws.Services;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws;

/// <summary>Says why a build is over.</summary>
internal static class BuildEnding
{
    private const int MaxReasonChars = 500;

    private static readonly HashSet<string> GoodPhases = new(StringComparer.Ordinal) { "SUCCEEDED", "IN_PROGRESS" };

    /// <summary>Reads a build.</summary>
    internal static ExecutionState Of(Build build)
    {
        if (build.BuildStatus is null or "IN_PROGRESS")
        {
            return ExecutionState.MayStillReport.Instance;
        }

        var failed = build.Phases?.Find(phase => phase.PhaseStatus is { } status && !GoodPhases.Contains(status));
        var context = failed?.Contexts?.Find(c => !string.IsNullOrWhiteSpace(c.Message));
        var where = failed is null ? "" : $" in phase {failed.PhaseType}";
        var why = context is null ? "" : $": {context.Message}";
        return new ExecutionState.Ended(Printable.Line($"{build.BuildStatus}{where}{why}", MaxReasonChars));
    }
}
