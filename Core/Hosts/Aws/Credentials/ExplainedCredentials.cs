using System.Diagnostics.CodeAnalysis;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Credentials;

/// <summary>Credentials of one of the SDK's providers, bounded in time, with failures that are sentences for a person.</summary>
/// <param name="make">Makes the provider when it is first needed; making it may call something.</param>
/// <param name="limit">How long it may take to make it and to get credentials from it.</param>
/// <param name="clock">The time.</param>
internal sealed class ExplainedCredentials(Func<AWSCredentials> make, TimeSpan limit, TimeProvider clock) : AWSCredentials
{
    private readonly Lock gate = new();
    private volatile AWSCredentials? made;

    /// <summary>What to throw in place of a failure; also gets the reasons, on one line.</summary>
    public required Func<Exception, string, Exception> Explain { get; init; }

    /// <inheritdoc/>
    public override ImmutableCredentials GetCredentials() => GetCredentialsAsync().GetAwaiter().GetResult();

    /// <inheritdoc/>
    /// <exception cref="UserException">It gives none.</exception>
    /// <exception cref="StoreUnavailableException">It does not answer.</exception>
    [SuppressMessage("Design", "CA1031", Justification = "The SDK's providers throw what they like; everything of it is explained.")]
    public override async Task<ImmutableCredentials> GetCredentialsAsync()
    {
        try
        {
            var asked = made?.GetCredentialsAsync() ?? Task.Run(() => Made().GetCredentialsAsync());
            return await asked.WaitAsync(limit, clock);
        }
        catch (TimeoutException late)
        {
            throw Explain(late, $"no answer within {limit.TotalSeconds:0} seconds");
        }
        catch (Exception failure) when (failure is not (UserException or StoreUnavailableException))
        {
            throw Explain(failure, Reasons(failure));
        }
    }

    /// <summary>Whether a failure, or what led to it, is that somebody did not answer.</summary>
    public static bool IsTransient(Exception failure) => Causes(failure).Any(
        cause => cause is HttpRequestException or TimeoutException or TaskCanceledException
            || (cause is AmazonServiceException && AwsErrors.Of(cause, CancellationToken.None) == AwsError.Transient));

    /// <summary>What a service answered, if that led to a failure.</summary>
    public static AmazonServiceException? AnswerIn(Exception failure) => Causes(failure).OfType<AmazonServiceException>().FirstOrDefault();

    private AWSCredentials Made()
    {
        lock (gate)
        {
            return made ??= make();
        }
    }

    private static string Reasons(Exception failure) => string.Join(
        ": ", Causes(failure).Select(cause => AwsErrors.Detail(cause).TrimEnd('.')).Where(reason => reason.Length > 0).Distinct());

    private static IEnumerable<Exception> Causes(Exception failure)
    {
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
        {
            // These two only wrap: the one what was thrown, the other the HTTP status of a service's answer.
            if (cause is not (AggregateException or HttpErrorResponseException))
            {
                yield return cause;
            }
        }
    }
}
