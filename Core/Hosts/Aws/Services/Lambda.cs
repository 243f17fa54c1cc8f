using Amazon.Runtime;

namespace IacCi.Core.Hosts.Aws.Services;

/// <summary>
/// Lambda: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html. The names are those of AWSSDK.Lambda, which can replace this
/// file.
/// </summary>
/// <param name="config">The configuration.</param>
internal sealed class AmazonLambdaClient(ServiceConfig config) : ServiceClient(config)
{
    /// <summary>A configuration without region.</summary>
    public static ServiceConfig NewConfig() => new("Lambda", "lambda");

    /// <summary>Invokes a function.</summary>
    public Task<InvokeResponse> InvokeAsync(InvokeRequest request, CancellationToken cancellationToken) => CallAsync(
        request,
        http =>
        {
            http.HttpMethod = "POST";
            http.ResourcePath = "/2015-03-31/functions/{FunctionName}/invocations";
            http.AddPathResource("{FunctionName}", request.FunctionName);
            http.Headers["X-Amz-Invocation-Type"] = request.InvocationType;
            http.Headers["Content-Type"] = "application/json";
            http.Content = request.Payload;
        },
        answer => new InvokeResponse
        {
            RequestId = answer.RequestId,
            FunctionError = answer.Header("X-Amz-Function-Error") is { Length: > 0 } error ? error : null,
            Payload = answer.Body,
        },
        cancellationToken);
}

/// <summary>Invokes a function.</summary>
internal sealed class InvokeRequest : AmazonWebServiceRequest
{
    /// <summary>Its name or ARN.</summary>
    public required string FunctionName { get; init; }

    /// <summary><c>Event</c>: queued, and run later; <c>RequestResponse</c>: waited for.</summary>
    public required string InvocationType { get; init; }

    /// <summary>The event, JSON.</summary>
    public required byte[] Payload { get; init; }
}

/// <summary>The invocation was accepted, or has ended.</summary>
internal sealed class InvokeResponse : AmazonWebServiceResponse
{
    /// <summary>Its id, which its logs bear; null when the answer has none.</summary>
    public string? RequestId { get; init; }

    /// <summary>Set when the invocation was waited for and ended with an error, which <see cref="Payload"/> then describes.</summary>
    public string? FunctionError { get; init; }

    /// <summary>What the function answered; empty when it was not waited for.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }
}
