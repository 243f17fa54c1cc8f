using Amazon.Runtime;
using IacCi.Core.Engine;
using IacCi.Core.Hosts.Aws.Services;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws;

/// <summary>
/// Watchdogs as executions of a state machine. Their name is made of the run and the order, and Step Functions gives a name once in 90
/// days: a second start is no second watchdog.
/// </summary>
/// <param name="client">Gives the client; asked when a watchdog is started.</param>
/// <param name="stateMachine">Gives the state machine's ARN; asked when a watchdog is started.</param>
/// <param name="internalBucket">The engine's bucket, for the watchdog's input.</param>
internal sealed class SfnWatchdogs(Func<AmazonStepFunctionsClient> client, Func<string> stateMachine, string internalBucket) : IWatchdogs
{
    /// <inheritdoc/>
    public async ValueTask<StartOutcome> StartAsync(WatchTarget watch, CancellationToken cancellationToken)
    {
        var name = $"{watch.RunId}-{watch.Num}";
        var request =
            new StartExecutionRequest { StateMachineArn = stateMachine(), Name = name, Input = WatchdogInput.Write(watch, internalBucket) };
        try
        {
            return new StartOutcome.Started(await StartAsync(request, cancellationToken) ?? ExecutionArn(name));
        }
        catch (UserException refused)
        {
            return StartResult.Of(refused);
        }
        catch (StoreUnavailableException unknown)
        {
            return new StartOutcome.Unknown(unknown.Message);
        }
    }

    /// <returns>The execution; null when it was started before.</returns>
    private async ValueTask<string?> StartAsync(StartExecutionRequest request, CancellationToken cancellationToken) =>
        await StartResult.OfAsync(
        async () =>
        {
            try
            {
                return (await client().StartExecutionAsync(request, cancellationToken)).ExecutionArn;
            }
            catch (AmazonServiceException standing) when (standing.ErrorCode == "ExecutionAlreadyExists")
            {
                return null;
            }
        },
        new AwsCall($"the state machine {stateMachine()} ({AwsSettings.WatchdogVariable})", "states:StartExecution"),
        cancellationToken);

    private string ExecutionArn(string name) =>
        $"{stateMachine().Replace(":stateMachine:", ":execution:", StringComparison.Ordinal)}:{name}";
}
