using IacCi.Core.Jobs;
using IacCi.Core.Model;

namespace IacCi.Core.Intake;

/// <summary>Gathers what the orders of a job need: their code and the values of their secrets.</summary>
internal interface IBundler
{
    /// <summary>Fetches code and secrets. Nothing outside is changed, so a job that cannot be bundled leaves nothing behind.</summary>
    /// <exception cref="Text.UserException">Something named in the job cannot be had; the message names the order and the
    /// remedy.</exception>
    ValueTask<IPreparedBundles> PrepareAsync(Job job, CancellationToken cancellationToken);
}

/// <summary>The bundles of a job, ready to be written. Disposing gives back what they were made of.</summary>
internal interface IPreparedBundles : IDisposable
{
    /// <summary>Writes the code that the bundles name, before any of them.</summary>
    ValueTask WriteCodeAsync(IObjectStore objects, RunId run, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>The bundle of one order: <c>exec.zip</c>.</summary>
    ValueTask<byte[]> BuildAsync(OrderNum num, BundleIdentity identity, CancellationToken cancellationToken);

    /// <summary>SHA-256 of the archive of the order's code; null when it has none.</summary>
    string? CodeSha256Of(OrderNum num) => null;

    /// <summary>The folder of this machine in which the order's commands run in place; null when they run in a copy of the code.</summary>
    string? FolderOf(OrderNum num) => null;
}

/// <summary>What a bundle tells its commands about where they run, and for whom its secrets are encrypted.</summary>
/// <param name="RunId">The run.</param>
/// <param name="TraceId">The trace.</param>
/// <param name="FlowId">The flow.</param>
/// <param name="Recipient">The age recipient of the order.</param>
internal sealed record BundleIdentity(RunId RunId, TraceId TraceId, string FlowId, string Recipient);

/// <summary>A job that somebody wants to be run.</summary>
internal sealed record Submission
{
    /// <summary>The job; it keeps every rule.</summary>
    public required Job Job { get; init; }

    /// <summary>SHA-256 of the job in its canonical form, lower-case hex: the same job has the same digest.</summary>
    public required string PayloadDigest { get; init; }

    /// <summary>The caller's own run id; null for a new one.</summary>
    public RunId? RunId { get; init; }

    /// <summary>The caller's own trace id; null for a new one.</summary>
    public TraceId? TraceId { get; init; }

    /// <summary>Who asked for it, when the job does not say.</summary>
    public required string DefaultUsername { get; init; }

    /// <summary>A name for lists, or null.</summary>
    public string? Title { get; init; }

    /// <summary>How large the request was that asked for it, in bytes; 0 when there was none.</summary>
    public long Bytes { get; init; }
}

/// <summary>How a submission was answered.</summary>
internal abstract record IntakeAnswer
{
    private IntakeAnswer()
    {
    }

    /// <summary>The run exists: by this submission, or by an earlier one of the same job.</summary>
    /// <param name="Job">Its record.</param>
    /// <param name="SearchTag">The tag by which its comment is found.</param>
    public sealed record Accepted(JobRecord Job, string SearchTag) : IntakeAnswer;

    /// <summary>The run id belongs to another job.</summary>
    /// <param name="RunId">The run id.</param>
    public sealed record Conflict(RunId RunId) : IntakeAnswer;
}
