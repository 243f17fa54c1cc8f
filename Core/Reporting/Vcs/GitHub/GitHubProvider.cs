using IacCi.Core.Intake.Webhooks;

namespace IacCi.Core.Reporting.Vcs.GitHub;

/// <summary>GitHub and GitHub Enterprise Server.</summary>
/// <param name="options">Where it is.</param>
/// <param name="time">The clock and timer of waits.</param>
/// <param name="jitter">Random numbers from 0 up to 1.</param>
internal sealed class GitHubProvider(GitHubOptions options, TimeProvider time, Func<double> jitter) : IVcsProvider
{
    /// <inheritdoc/>
    public SignatureVerdict VerifyWebhook(
        ReadOnlySpan<byte> rawBody, WebhookHeaders headers, IReadOnlyList<ReadOnlyMemory<byte>> secrets) =>
        WebhookSignature.Verify(rawBody, headers[WebhookSignature.Header], secrets);

    /// <inheritdoc/>
    public IVcs Connect(VcsToken token) => new GitHubVcs(options, token, time, jitter);
}
