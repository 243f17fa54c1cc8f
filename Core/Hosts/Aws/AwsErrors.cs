using System.Net;
using Amazon.Runtime;
using IacCi.Core.Hosts.Aws.Credentials;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws;

/// <summary>What a call to AWS was for: the words of a message about its failure.</summary>
/// <param name="What">What was called, with the variable that names it: <c>the DynamoDB table orders (IAC_CI_ORDERS_TABLE)</c>.</param>
/// <param name="Permission">The permission it takes: <c>dynamodb:PutItem</c>.</param>
internal readonly record struct AwsCall(string What, string Permission);

/// <summary>What kind of failure a call had.</summary>
internal enum AwsError
{
    /// <summary>Another answer: a bug of ours, or one that the caller knows how to read.</summary>
    Other,

    /// <summary>There is no such thing.</summary>
    Missing,

    /// <summary>The caller lacks a permission.</summary>
    Denied,

    /// <summary>AWS does not accept the credentials. (That there are none is said by whoever looks for them.)</summary>
    Credentials,

    /// <summary>Throttled, no answer, or a fault of the service: it may have happened, and may be repeated.</summary>
    Transient,
}

/// <summary>Makes messages for people out of the failures of AWS calls.</summary>
internal static class AwsErrors
{
    private const int MaxDetailChars = 300;

    // The names are those of "Common Errors" in each service's API reference.
    private static readonly HashSet<string> Missing = new(StringComparer.Ordinal)
    {
        "ResourceNotFoundException", "NoSuchBucket", "StateMachineDoesNotExist", "StateMachineDeleting", "InvalidArn", "ParameterNotFound",
    };

    private static readonly HashSet<string> Denied = new(StringComparer.Ordinal)
    {
        "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "KMSAccessDeniedException", "AllAccessDisabled",
    };

    private static readonly HashSet<string> Credentials = new(StringComparer.Ordinal)
    {
        "UnrecognizedClientException", "InvalidClientTokenId", "ExpiredToken", "ExpiredTokenException", "InvalidSignatureException",
        "SignatureDoesNotMatch", "InvalidAccessKeyId", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
        "IncompleteSignature", "InvalidToken", "OptInRequired",
    };

    private static readonly HashSet<string> Throttled = new(StringComparer.Ordinal)
    {
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException", "RequestThrottled",
        "ProvisionedThroughputExceededException", "RequestLimitExceeded", "LimitExceededException", "SlowDown", "TooManyUpdates",
        "RequestTimeout", "RequestTimeoutException", "TransactionInProgressException", "TransactionConflictException",
        "ConditionalRequestConflict", "OperationAborted",
        "ExecutionLimitExceeded", "PriorRequestNotComplete", "BandwidthLimitExceeded", "EC2ThrottledException",
    };

    /// <summary>
    /// What CodeBuild and Lambda answer when there is no room: so many builds run, so many functions, or this one has been idle for weeks
    /// and is made ready again (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html,
    /// .../codebuild/latest/APIReference/API_StartBuild.html).
    /// </summary>
    private static readonly HashSet<string> Full = new(StringComparer.Ordinal)
    {
        "AccountLimitExceededException", "TooManyRequestsException", "CodeArtifactUserPendingException", "ResourceConflictException",
        "ResourceNotReadyException",
    };

    /// <summary>Whether a start was refused for lack of room: nothing was started.</summary>
    internal static bool IsFull(Exception? failure) => failure is AmazonServiceException { ErrorCode: { } code } && Full.Contains(code);

    /// <summary>What kind of failure it is.</summary>
    internal static AwsError Of(Exception failure, CancellationToken cancellationToken) => failure switch
    {
        OperationCanceledException => cancellationToken.IsCancellationRequested ? AwsError.Other : AwsError.Transient,
        AmazonServiceException answer => Of(answer),
        AmazonClientException or HttpRequestException or IOException or TimeoutException => AwsError.Transient,
        _ => AwsError.Other,
    };

    /// <summary>The exception to throw in place of a call's failure; null when the failure is to be thrown as it is.</summary>
    internal static Exception? Explain(Exception failure, AwsCall call, CancellationToken cancellationToken) =>
        Of(failure, cancellationToken) switch
        {
            AwsError.Missing =>
                new UserException($"{call.What} does not exist in this account and region: create it, or correct its name", inner: failure),
            AwsError.Denied =>
                new UserException($"no permission to use {call.What}: allow {call.Permission} ({Detail(failure)})", inner: failure),
            AwsError.Credentials => new UserException(
                $"AWS does not accept the credentials {(CredentialOrigin.Of(failure) is { } origin ? $"of {origin} " : "")}for {call.What} "
                    + $"({Detail(failure)}): renew them, or correct them",
                inner: failure),
            AwsError.Transient => new StoreUnavailableException(
                $"{call.What} cannot be reached ({Detail(failure)}): try again; if it lasts, look at the service's limits and the network",
                failure),
            _ => null,
        };

    /// <summary>What AWS said, on one line.</summary>
    internal static string Detail(Exception failure)
    {
        var text = Printable.Line(failure.Message.Trim(), MaxDetailChars);
        return failure is AmazonServiceException { ErrorCode.Length: > 0 } answer ? $"{answer.ErrorCode}: {text}" : text;
    }

    private static AwsError Of(AmazonServiceException answer)
    {
        var code = answer.ErrorCode ?? "";
        return Credentials.Contains(code) ? AwsError.Credentials
            : Throttled.Contains(code) || Full.Contains(code) || answer.Retryable is not null ? AwsError.Transient
            : Missing.Contains(code) ? AwsError.Missing
            : Denied.Contains(code) || answer.StatusCode == HttpStatusCode.Forbidden ? AwsError.Denied
            : (int)answer.StatusCode is 0 or 408 or 429 or >= 500 ? AwsError.Transient
            : AwsError.Other;
    }
}
