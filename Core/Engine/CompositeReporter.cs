using IacCi.Core.Model;

namespace IacCi.Core.Engine;

/// <summary>Tells several, one after the other.</summary>
internal sealed class CompositeReporter(params IReadOnlyList<IRunReporter> reporters) : IRunReporter
{
    /// <inheritdoc/>
    public async ValueTask<string?> AnnounceAsync(RunPlan plan, CancellationToken cancellationToken)
    {
        string? comment = null;
        foreach (var reporter in reporters)
        {
            comment = await reporter.AnnounceAsync(plan, cancellationToken) ?? comment;
        }

        return comment;
    }

    /// <inheritdoc/>
    public async ValueTask<DateTimeOffset?> UpdateAsync(RunProgress progress, CancellationToken cancellationToken)
    {
        DateTimeOffset? due = null;
        foreach (var reporter in reporters)
        {
            var its = await reporter.UpdateAsync(progress, cancellationToken);
            due = due < its ? due : its ?? due;
        }

        return due;
    }
}
