using System.Text.Json.Nodes;
using IacCi.Emulated.Front;
using IacCi.Emulated.Stacks;

namespace IacCi.Tests.EndToEnd.Emulator;

[Category("Emulated")]
[ClassDataSource<EmulatedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class StateMachineTests(EmulatedAwsFixture emulator)
{
    [Test]
    public async Task Twenty_executions_at_once_poll_their_function_until_it_is_done_with_the_input_kept()
    {
        var stack = await emulator.NewStackAsync();
        var arns = await Task.WhenAll(Enumerable.Range(1, 20).Select(n => StartAsync(stack, $"{n:0000}")));
        foreach (var arn in arns)
        {
            await emulator.Aws.UntilAsync(async () => await StatusAsync(arn) != "RUNNING", EmulatedAwsFixture.Soon, arn);
            await Assert.That(await StatusAsync(arn)).IsEqualTo("SUCCEEDED");
        }

        var looks = emulator.Aws.Functions.Invocations(stack.Watchdog);
        await Assert.That(looks.Count).IsEqualTo(60);
        await Assert.That(looks.All(i => i.Payload.Contains("\"run_id\"", StringComparison.Ordinal))).IsTrue();
        await Assert.That(emulator.Aws.Calls.Calls("states", "lambda", "Invoke").Count(c => c.Resource == stack.Watchdog)).IsEqualTo(60);
    }

    [Test]
    public async Task A_name_with_another_input_is_refused()
    {
        var stack = await emulator.NewStackAsync();
        await StartAsync(stack, "0001");
        await Assert.That(async () => await StartAsync(stack, "0001", timeout: 99))
            .Throws<AwsApiException>()
            .WithMessageContaining("ExecutionAlreadyExists");
    }

    private async Task<string> StartAsync(Deployment stack, string order, int timeout = 10)
    {
        var input =
            new JsonObject
            {
                ["run_id"] = "r",
                ["order_num"] = order,
                ["timeout"] = timeout,
                ["start_time"] = 1,
                ["internal_bucket"] = stack.InternalBucket
            };
        var answer = await emulator.Aws.Api.CallAsync("states", "StartExecution", new JsonObject
        {
            ["stateMachineArn"] = stack.Variables["IAC_CI_WATCHDOG_SFN"],
            ["name"] = $"r-{order}",
            ["input"] = input.ToJsonString(),
        });
        return (string)answer["executionArn"]!;
    }

    private async Task<string> StatusAsync(string arn) =>
        (string)(await emulator.Aws.Api.CallAsync("states", "DescribeExecution", new JsonObject { ["executionArn"] = arn }))["status"]!;
}
