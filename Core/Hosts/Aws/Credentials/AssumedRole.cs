using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Credentials;

/// <summary>
/// The credentials of a role that is taken on when they are first needed, and again before they end. Of many who need them at once,
/// one asks for all.
/// </summary>
/// <param name="ask">Takes the role on.</param>
/// <param name="call">What a message about a failure says.</param>
/// <param name="clock">The time.</param>
internal sealed class AssumedRole(Func<Task<Amazon.SecurityToken.Model.Credentials>> ask, AwsCall call, TimeProvider clock) : AWSCredentials
{
    private const string ReaderSession = "iac-ci";

    /// <summary>The shortest that STS gives.</summary>
    private static readonly TimeSpan ReaderDuration = TimeSpan.FromMinutes(15);

    /// <summary>What is left of a session when the next one begins: as long as a webhook invocation may take.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    private readonly Lock gate = new();
    private volatile Session? known;
    private Task<ImmutableCredentials> asking = Task.FromCanceled<ImmutableCredentials>(new CancellationToken(canceled: true));

    /// <summary>The role that reads what jobs name.</summary>
    /// <param name="sts">Gives the client that takes the role on, with the credentials of the process itself.</param>
    /// <param name="arn">The role.</param>
    /// <param name="clock">The time.</param>
    public static AssumedRole Reader(Func<AmazonSecurityTokenServiceClient> sts, string arn, TimeProvider clock) => new(
        async () => (await sts().AssumeRoleAsync(new AssumeRoleRequest
        {
            RoleArn = arn,
            RoleSessionName = ReaderSession,
            DurationSeconds = (int)ReaderDuration.TotalSeconds,
        })).Credentials,
        new AwsCall($"the role {arn} ({AwsSettings.ReaderRoleVariable})", "sts:AssumeRole on it, and let it trust this function's role"),
        clock);

    /// <inheritdoc/>
    public override ImmutableCredentials GetCredentials() => GetCredentialsAsync().GetAwaiter().GetResult();

    /// <inheritdoc/>
    /// <exception cref="UserException">The role may not be taken on.</exception>
    /// <exception cref="StoreUnavailableException">STS does not answer.</exception>
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
        try
        {
            var answer = await ask() ?? throw new AmazonClientException("STS answered without credentials");
            var credentials = new ImmutableCredentials(answer.AccessKeyId, answer.SecretAccessKey, answer.SessionToken);
            var endsAt = answer.Expiration ?? throw new AmazonClientException("STS answered without Expiration");
            known = new Session(credentials, new DateTimeOffset(endsAt.ToUniversalTime()));
            return credentials;
        }
        catch (Exception failure) when (Explain(failure) is { } explained)
        {
            return Kept(TimeSpan.Zero) ?? throw explained;
        }
    }

    private Exception? Explain(Exception failure) => failure is UserException or StoreUnavailableException
        ? failure
        : AwsErrors.Explain(failure, call, CancellationToken.None) ?? (failure is AmazonServiceException
            ? new UserException($"{call.What} cannot be taken on ({AwsErrors.Detail(failure)}): correct what STS names", inner: failure)
            : null);

    private sealed record Session(ImmutableCredentials Credentials, DateTimeOffset EndsAt);
}
