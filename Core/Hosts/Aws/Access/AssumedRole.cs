using Amazon.Runtime;
using IacCi.Core.Hosts.Aws.Services;

namespace IacCi.Core.Hosts.Aws.Access;

/// <summary>
/// The credentials of a role that is taken on when they are first needed, and again before they end. Of many who need them at once,
/// one asks for all.
/// </summary>
/// <param name="sts">Gives the client that takes the role on, with the credentials of the process itself.</param>
/// <param name="arn">The role.</param>
/// <param name="clock">The time.</param>
internal sealed class AssumedRole(Func<AmazonSecurityTokenServiceClient> sts, string arn, TimeProvider clock) : AWSCredentials
{
    private const string SessionName = "iac-ci";

    /// <summary>The shortest that STS gives.</summary>
    private static readonly TimeSpan Duration = TimeSpan.FromMinutes(15);

    /// <summary>What is left of a session when the next one begins: as long as a webhook invocation may take.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    private readonly Lock gate = new();
    private volatile Session? known;
    private Task<ImmutableCredentials> asking = Task.FromCanceled<ImmutableCredentials>(new CancellationToken(canceled: true));

    /// <inheritdoc/>
    public override ImmutableCredentials GetCredentials() => GetCredentialsAsync().GetAwaiter().GetResult();

    /// <inheritdoc/>
    /// <exception cref="Text.UserException">The role may not be taken on.</exception>
    public override Task<ImmutableCredentials> GetCredentialsAsync()
    {
        lock (gate)
        {
            return Kept(Margin) is { } kept ? Task.FromResult(kept)
                : asking.IsCompleted ? asking = Task.Run(AssumeAsync)
                : asking;
        }
    }

    private ImmutableCredentials? Kept(TimeSpan left) =>
        known is { } session && clock.GetUtcNow() + left < session.EndsAt ? session.Credentials : null;

    private async Task<ImmutableCredentials> AssumeAsync()
    {
        var request = new AssumeRoleRequest { RoleArn = arn, RoleSessionName = SessionName, DurationSeconds = (int)Duration.TotalSeconds };
        try
        {
            var answer = await sts().AssumeRoleAsync(request, CancellationToken.None);
            var credentials = new ImmutableCredentials(answer.AccessKeyId, answer.SecretAccessKey, answer.SessionToken);
            known = new Session(credentials, answer.Expiration);
            return credentials;
        }
        catch (Exception failure) when (AwsErrors.Explain(failure, Call, CancellationToken.None) is { } explained)
        {
            return Kept(TimeSpan.Zero) ?? throw explained;
        }
    }

    private AwsCall Call => new(
        $"the role {arn} ({AwsSettings.ReaderRoleVariable})", "sts:AssumeRole on it, and let it trust this function's role");

    private sealed record Session(ImmutableCredentials Credentials, DateTimeOffset EndsAt);
}
