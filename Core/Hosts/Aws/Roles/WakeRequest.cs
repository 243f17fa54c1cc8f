using IacCi.Core.Hosts.Aws.Lambda.Events;
using IacCi.Core.Hosts.Aws.Services;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Roles;

/// <summary>Asks the orchestrate function to wake a run, for an operator who may invoke it and needs no other right.</summary>
/// <param name="lambda">A client that waits as long as an invocation may take.</param>
/// <param name="function">The name or ARN of the function.</param>
internal sealed class WakeRequest(AmazonLambdaClient lambda, string function)
{
    private const int MaxMessageChars = 1_000;

    /// <summary>Asks, and waits for the answer. Asked twice, the function does nothing twice.</summary>
    /// <exception cref="UserException">There is no such run, or no such function, or it must not be invoked, or it failed.</exception>
    /// <exception cref="StoreUnavailableException">Lambda does not answer.</exception>
    public async ValueTask<WakeAnswer> SendAsync(RunId run, CancellationToken cancellationToken)
    {
        var call = new AwsCall($"the Lambda function {function} ({AwsSettings.OrchestrateLambdaVariable})", "lambda:InvokeFunction");
        var answer = await InvokeAsync(run, call, cancellationToken);
        return answer.FunctionError is null
            ? WakeAnswer.Read(answer.Payload, call.What) ?? throw RunInspection.Missing(run)
            : throw Failed(answer.Payload, call.What);
    }

    private async Task<InvokeResponse> InvokeAsync(RunId run, AwsCall call, CancellationToken cancellationToken)
    {
        var request = new InvokeRequest
        {
            FunctionName = function,
            InvocationType = "RequestResponse",
            Payload = JsonText.Object(json =>
            {
                json.WriteStartObject("wake");
                json.WriteString("run_id", run.Value);
                json.WriteEndObject();
            }).ToArray(),
        };
        try
        {
            return await lambda.InvokeAsync(request, cancellationToken);
        }
        catch (Exception failure) when (AwsErrors.Explain(failure, call, cancellationToken) is { } explained)
        {
            throw explained;
        }
    }

    /// <summary>What the function could not do: the form of Lambda.InvocationError.</summary>
    private static UserException Failed(ReadOnlyMemory<byte> payload, string what)
    {
        using var error = AwsEventJson.TryParse(payload);
        var type = error?.RootElement.TextAt("errorType") ?? "Unknown";
        var message = Printable.Line(error?.RootElement.TextAt("errorMessage") ?? "no reason given", MaxMessageChars);
        return new UserException($"{what} ended with an error ({type}: {message}): mend that, and run the command again", ExitCode.Fault);
    }
}
