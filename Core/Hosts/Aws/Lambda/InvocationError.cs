using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Lambda;

/// <summary>
/// A failure in the form that Lambda takes (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-invokeerror). It
/// holds no stack trace, which belongs into the log, and nothing that looks like a secret.
/// </summary>
/// <param name="Type">A word for filters and for <c>ErrorEquals</c> of Step Functions.</param>
/// <param name="Message">What happened, for a person.</param>
internal sealed record InvocationError(string Type, string Message)
{
    /// <summary>The most characters of a message; Lambda keeps 256 KB of it in a header of asynchronous destinations.</summary>
    public const int MaxMessageChars = 4_096;

    /// <summary>The error for what was thrown.</summary>
    /// <param name="thrown">What was thrown.</param>
    /// <param name="late">Whether the invocation was ended because its time was up.</param>
    public static InvocationError Of(Exception thrown, bool late)
    {
        var (type, message) = thrown switch
        {
            OperationCanceledException when late =>
                ("OutOfTime", "the invocation was ended just before its deadline; give the function more time"),
            UserException { ExitCode: ExitCode.Invalid } wrong => ("InvalidInput", wrong.Message),
            UserException wrong => ("Failed", wrong.Message),
            StoreUnavailableException away => ("StoreUnavailable", away.Message),
            _ => (thrown.GetType().Name, thrown.Message),
        };
        var scrubbed = Scrub.Text(message);
        return new(type, scrubbed.Length <= MaxMessageChars ? scrubbed : scrubbed[..MaxMessageChars]);
    }

    /// <summary>The error as JSON.</summary>
    public ReadOnlyMemory<byte> ToJson() => JsonText.Object(json =>
    {
        json.WriteString("errorType", Type);
        json.WriteString("errorMessage", Message);
        json.WriteStartArray("stackTrace");
        json.WriteEndArray();
    });
}
