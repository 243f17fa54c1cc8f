using IacCi.Core.Orchestration;
using IacCi.Core.Runs;

namespace IacCi.Core.Local;

/// <summary>Tells whoever looks on, after every pass.</summary>
public sealed class ProgressReporter(Action<RunProgress> tell) : IRunReporter
{
    /// <inheritdoc/>
    public ValueTask<string?> AnnounceAsync(RunPlan plan, CancellationToken cancellationToken) => new((string?)null);

    /// <inheritdoc/>
    public ValueTask<DateTimeOffset?> UpdateAsync(RunProgress progress, CancellationToken cancellationToken)
    {
        tell(progress);
        return new((DateTimeOffset?)null);
    }
}
