using System.Security.Cryptography;
using System.Text;
using IacCi.Core.Model;
using IacCi.Core.Reporting.Vcs;

namespace IacCi.Core.Reporting;

/// <summary>
/// One attempt to tell people of a run: the comment first, then the commit's status. What it has reached stands in <see cref="Memory"/> at
/// any time, because its time may run out between two steps.
/// </summary>
/// <param name="target">Whom to tell.</param>
/// <param name="memory">What is remembered.</param>
/// <param name="clock">The time.</param>
internal sealed class ReportPublisher(ReportTarget target, SavedReport memory, TimeProvider clock)
{
    /// <summary>What is to be remembered now.</summary>
    internal SavedReport Memory { get; private set; } = memory;

    /// <summary>Whether anything was told.</summary>
    internal bool HasTold { get; private set; }

    /// <summary>What the service did not do, first things first; null when it did everything.</summary>
    internal VcsFailure? Failure { get; private set; }

    /// <summary>Tells.</summary>
    /// <param name="vcs">The service.</param>
    /// <param name="run">The snapshot.</param>
    /// <param name="runCreatedAt">When the run was accepted.</param>
    /// <param name="cancellationToken">Ends it early; what was told by then is remembered.</param>
    internal async ValueTask RunAsync(IVcs vcs, RunReport run, DateTimeOffset runCreatedAt, CancellationToken cancellationToken)
    {
        await CommentAsync(vcs, run, runCreatedAt, cancellationToken);
        await StatusAsync(vcs, run, cancellationToken);
    }

    /// <summary>The time is up.</summary>
    internal void GiveUp(string problem) => Failure ??= new VcsFailure(VcsFailureKind.Unavailable, problem);

    private async ValueTask CommentAsync(IVcs vcs, RunReport run, DateTimeOffset runCreatedAt, CancellationToken cancellationToken)
    {
        if (target.IssueNumber is not { } number)
        {
            return;
        }

        var text = CommentText.Render(run);
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        if (digest == Memory.TextDigest)
        {
            return;
        }

        switch (await StickyComment.UpsertAsync(vcs, new VcsThread(target.GitRepo, number), Memory.CommentId, text, runCreatedAt,
            cancellationToken))
        {
            case VcsResult<VcsComment>.Ok { Value: var comment }:
                Told(Memory with { CommentId = comment.Id, CommentUrl = comment.Url, TextDigest = digest });
                break;
            case VcsResult<VcsComment>.Failed { Failure: var failure }:
                Failure ??= failure;
                break;
        }
    }

    /// <summary>
    /// Only the steps from nothing to pending and from there to the end are told: a commit takes 1,000 statuses in one context.
    /// </summary>
    private async ValueTask StatusAsync(IVcs vcs, RunReport run, CancellationToken cancellationToken)
    {
        if (target.CommitHash is not { } commit || CommitStatusText.Of(run, target.FlowLabel, Memory.CommentUrl) is not { } status
            || status.State == Memory.Status)
        {
            return;
        }

        switch (await vcs.SetCommitStatusAsync(target.GitRepo, commit, status, cancellationToken))
        {
            case VcsResult<bool>.Ok:
                Told(Memory with { Status = status.State });
                break;
            case VcsResult<bool>.Failed { Failure: var failure }:
                Failure ??= failure;
                break;
        }
    }

    private void Told(SavedReport next) => (Memory, HasTold) = (next with { ToldAt = clock.GetUtcNow() }, true);
}
