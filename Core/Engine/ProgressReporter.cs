using IacCi.Core.Model;

namespace IacCi.Core.Engine;

/// <summary>Tells whoever looks on, after every pass.</summary>
internal sealed class ProgressReporter(Action<RunProgress> tell) : IRunReporter
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
