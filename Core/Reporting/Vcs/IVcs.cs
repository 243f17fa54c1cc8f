using IacCi.Core.Intake.Webhooks;

namespace IacCi.Core.Reporting.Vcs;

/// <summary>
/// A kind of hosting service (GitHub; later GitLab, Bitbucket): what can be done without a token, and the way in with one.
/// </summary>
internal interface IVcsProvider
{
    /// <summary>Checks that a delivery was made by who knows a secret, by the provider's own scheme.</summary>
    SignatureVerdict VerifyWebhook(ReadOnlySpan<byte> rawBody, WebhookHeaders headers, IReadOnlyList<ReadOnlyMemory<byte>> secrets);

    /// <summary>The service, seen with a token.</summary>
    IVcs Connect(VcsToken token);
}

/// <summary>
/// Comments and commit statuses of one hosting service. What can go wrong is a value: a job never stops because a comment
/// could not be written. Each call ends within the provider's bounds, waits and repetitions included.
/// </summary>
internal interface IVcs
{
    /// <summary>
    /// Writes a new comment. Never repeated when it may have been written already: see <see cref="VcsFailureKind.Unknown"/>.
    /// </summary>
    ValueTask<VcsResult<VcsComment>> CreateCommentAsync(VcsThread thread, string text, CancellationToken cancellationToken);

    /// <summary>Replaces a comment's text. A comment that somebody deleted is <see cref="VcsFailureKind.NotFound"/>.</summary>
    ValueTask<VcsResult<VcsComment>> UpdateCommentAsync(
        VcsThread thread, string commentId, string text, CancellationToken cancellationToken);

    /// <summary>Deletes a comment; true when there was one.</summary>
    ValueTask<VcsResult<bool>> DeleteCommentAsync(VcsThread thread, string commentId, CancellationToken cancellationToken);

    /// <summary>
    /// The comments of a thread that changed since an instant, oldest first; at most as many pages as the provider's
    /// bound allows (<see cref="VcsPage.IsComplete"/>).
    /// </summary>
    ValueTask<VcsResult<VcsPage>> ListCommentsAsync(VcsThread thread, DateTimeOffset since, CancellationToken cancellationToken);

    /// <summary>
    /// The oldest comment, among those changed since an instant, whose last line is exactly this one; null when there is none.
    /// </summary>
    ValueTask<VcsResult<VcsComment?>> FindCommentAsync(
        VcsThread thread, string lastLine, DateTimeOffset since, CancellationToken cancellationToken);

    /// <summary>Sets the status that a commit has in one context.</summary>
    ValueTask<VcsResult<bool>> SetCommitStatusAsync(
        string repo, string commitHash, CommitStatus status, CancellationToken cancellationToken);
}

/// <summary>Where comments stand: one pull request or issue.</summary>
/// <param name="Repo"><c>owner/name</c>.</param>
/// <param name="Number">Its number.</param>
internal sealed record VcsThread(string Repo, int Number);

/// <summary>A comment as the service has it.</summary>
/// <param name="Id">The service's name for it.</param>
/// <param name="Text">Its source.</param>
/// <param name="Url">Where a person reads it, or null.</param>
internal sealed record VcsComment(string Id, string Text, string? Url);

/// <summary>Comments of a thread.</summary>
/// <param name="Comments">Oldest first.</param>
/// <param name="IsComplete">False when there are more than the bound on pages lets through.</param>
internal sealed record VcsPage(IReadOnlyList<VcsComment> Comments, bool IsComplete);

/// <summary>What a commit's status says.</summary>
internal enum CommitState
{
    /// <summary>The run goes on.</summary>
    Pending,

    /// <summary>The run succeeded.</summary>
    Success,

    /// <summary>The run failed.</summary>
    Failure,

    /// <summary>The run came to no result of its own: it timed out.</summary>
    Error,
}

/// <summary>A status of a commit.</summary>
/// <param name="Context">Tells it from other statuses of the same commit.</param>
/// <param name="State">What it says.</param>
/// <param name="Description">One line; what is longer than the service takes is cut.</param>
/// <param name="TargetUrl">Where a person finds more, or null.</param>
internal sealed record CommitStatus(string Context, CommitState State, string Description, string? TargetUrl);
