using System.Text;
using System.Text.Json.Nodes;
using IacCi.Core.Engine;
using IacCi.Core.Hosts.Aws;
using IacCi.Core.Hosts.Aws.Lambda.Events;
using IacCi.Core.Model;
using static IacCi.Tests.Unit.Hosts.Aws.AwsSamples;

namespace IacCi.Tests.Unit.Hosts.Aws;

/// <summary>Watchdogs as executions.</summary>
internal sealed class WatchdogTests
{
    private const string Machine = "arn:aws:states:eu-central-1:123456789012:stateMachine:watchdog";
    private static readonly WatchTarget Watch = new(Run, new OrderNum(7), 600, DateTimeOffset.FromUnixTimeSeconds(1_790_000_000), 900, 120);

    [Test]
    public async Task An_execution_is_named_after_its_order_and_told_what_to_watch()
    {
        await using var server = await RecordingServer.StartAsync((200, """{"executionArn":"arn:e"}"""));
        using var clients = ClientsAt(server.Url);
        await Assert.That(await new SfnWatchdogs(() => clients.StepFunctions, () => Machine, "bucket").StartAsync(Watch, None))
            .IsEqualTo(new StartOutcome.Started("arn:e"));
        var sent = JsonNode.Parse(server.Requests.Single().Body)!;
        await Assert.That(sent["name"]!.GetValue<string>()).IsEqualTo("run-1-0007");
        var input = sent["input"]!.GetValue<string>();
        await Assert.That(input).IsEqualTo(
            """{"run_id":"run-1","order_num":"0007","timeout":600,"start_time":1790000000,"internal_bucket":"bucket","claim_allowance":900,"stop_grace":120}""");
        await Assert.That(WatchEvent.Read(Encoding.UTF8.GetBytes(input))).IsEqualTo(new WatchEvent
        {
            RunId = Watch.RunId,
            Num = Watch.Num,
            TimeoutSeconds = Watch.TimeoutSeconds,
            StartTime = Watch.StartTime,
            ClaimAllowanceSeconds = Watch.ClaimAllowanceSeconds,
            StopGraceSeconds = Watch.StopGraceSeconds,
            InternalBucket = "bucket",
        });
    }

    [Test]
    public async Task One_that_exists_is_started()
    {
        await using var server = await RecordingServer.StartAsync((400, """{"__type":"ExecutionAlreadyExists","message":"x"}"""));
        using var clients = ClientsAt(server.Url);
        await Assert.That(await new SfnWatchdogs(() => clients.StepFunctions, () => Machine, "bucket").StartAsync(Watch, None)).IsEqualTo(
            new StartOutcome.Started("arn:aws:states:eu-central-1:123456789012:execution:watchdog:run-1-0007"));
    }

    [Test]
    [Arguments("StateMachineDoesNotExist", typeof(StartOutcome.Refused))]
    [Arguments("AccessDeniedException", typeof(StartOutcome.Refused))]
    [Arguments("InvalidName", typeof(StartOutcome.Refused))]
    [Arguments("ExecutionLimitExceeded", typeof(StartOutcome.Unknown))]
    public async Task A_refusal_is_told_from_an_unknown_outcome(string code, Type outcome)
    {
        await using var server = await RecordingServer.StartAsync((400, $$"""{"__type":"{{code}}","message":"x"}"""));
        using var clients = ClientsAt(server.Url);
        await Assert.That((await new SfnWatchdogs(() => clients.StepFunctions, () => Machine, "bucket").StartAsync(Watch, None)).GetType())
            .IsEqualTo(outcome);
    }
}
