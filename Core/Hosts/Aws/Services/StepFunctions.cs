using System.Text.Json;
using Amazon.Runtime;

namespace IacCi.Core.Hosts.Aws.Services;

/// <summary>
/// Step Functions: https://docs.aws.amazon.com/step-functions/latest/apireference/. The names are those of AWSSDK.StepFunctions, which can
/// replace this file.
/// </summary>
/// <param name="config">The configuration.</param>
internal sealed class AmazonStepFunctionsClient(ServiceConfig config) : ServiceClient(config)
{
    /// <summary>A configuration without region.</summary>
    public static ServiceConfig NewConfig() => new("SFN", "states");

    /// <summary>Starts an execution.</summary>
    public Task<StartExecutionResponse> StartExecutionAsync(StartExecutionRequest request, CancellationToken cancellationToken) =>
        CallAsync(
        request,
        Json("1.0", "AWSStepFunctions.StartExecution", json =>
        {
            json.WriteString("stateMachineArn", request.StateMachineArn);
            json.WriteString("name", request.Name);
            json.WriteString("input", request.Input);
        }),
        answer =>
        {
            using var json = answer.Json();
            var arn = json.RootElement.TryGetProperty("executionArn", out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null;
            return new StartExecutionResponse { ExecutionArn = arn };
        },
        cancellationToken);
}

/// <summary>Starts an execution.</summary>
internal sealed class StartExecutionRequest : AmazonWebServiceRequest
{
    /// <summary>The state machine.</summary>
    public required string StateMachineArn { get; init; }

    /// <summary>The execution's name, unique for 90 days; at most 80 characters.</summary>
    public required string Name { get; init; }

    /// <summary>Its input, JSON.</summary>
    public required string Input { get; init; }
}

/// <summary>What was started.</summary>
internal sealed class StartExecutionResponse : AmazonWebServiceResponse
{
    /// <summary>The execution.</summary>
    public string? ExecutionArn { get; init; }
}
