using Amazon.Runtime;
using IacCi.Core.Engine;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws;

/// <summary>Calls that start or stop something.</summary>
internal static class StartResult
{
    /// <summary>Calls, and tells a refusal from a call whose outcome is unknown.</summary>
    /// <exception cref="UserException">It was refused, and will be again.</exception>
    /// <exception cref="StoreUnavailableException">It may or may not have happened.</exception>
    internal static async ValueTask<T> OfAsync<T>(Func<Task<T>> call, AwsCall what, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (Exception failure) when (AwsErrors.Explain(failure, what, cancellationToken) is { } explained)
        {
            throw explained;
        }
        catch (AmazonServiceException invalid)
        {
            throw new UserException(
                $"{what.What} refused the call ({AwsErrors.Detail(invalid)}): correct its configuration", inner: invalid);
        }
    }

    /// <summary>
    /// What a failed start means for its order. Credentials that are not accepted now may be accepted later; nothing was started.
    /// </summary>
    internal static StartOutcome Of(UserException failure) =>
        failure.InnerException is { } inner && AwsErrors.Of(inner, CancellationToken.None) == AwsError.Credentials
            ? new StartOutcome.Unknown(failure.Message)
            : new StartOutcome.Refused(failure.Message);
}
