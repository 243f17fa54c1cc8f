using System.Net;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using IacCi.Emulated.Faults;
using IacCi.Emulated.Front;
using IacCi.Emulated.Stacks;

namespace IacCi.Tests.EndToEnd.Emulator;

[Category("Emulated")]
[ClassDataSource<EmulatedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class FaultTests(EmulatedAwsFixture emulator)
{
    [Test]
    public async Task Calls_are_counted_by_who_made_them()
    {
        var stack = await emulator.NewStackAsync();
        await emulator.Aws.Functions.InvokeAsync(stack.Work, CallEvent(stack, 4));

        var calls = emulator.Aws.Calls.Calls(caller: stack.Work);
        await Assert.That(calls.Select(c => $"{c.Service} {c.Operation} {c.Resource} {c.Status}").Distinct())
            .IsEquivalentTo([$"dynamodb UpdateItem {stack.OrdersTable} 200"]);
        await Assert.That(emulator.Aws.Calls.Count(stack.Work)["dynamodb:UpdateItem"]).IsEqualTo(4);
    }

    [Test]
    public async Task Every_third_call_is_throttled_before_it_does_anything()
    {
        var stack = await emulator.NewStackAsync();
        using var throttled = emulator.Aws.Faults.Add(
            new Fault(FaultKind.Throttle) { Caller = stack.Work, Service = "dynamodb", Every = 3 });
        var statuses = await StatusesAsync(stack, 6);

        await Assert.That(statuses).IsEquivalentTo([200, 200, 400, 200, 200, 400]);
        await Assert.That(await CountAsync(stack)).IsEqualTo(4);
    }

    [Test]
    public async Task A_call_can_be_executed_and_still_fail()
    {
        var stack = await emulator.NewStackAsync();
        using var fault = emulator.Aws.Faults.Add(
            new Fault(FaultKind.FailAfter) { Caller = stack.Work, Operation = "UpdateItem", Skip = 1, Times = 1 });

        await Assert.That(await StatusesAsync(stack, 3)).IsEquivalentTo([200, 500, 200]);
        await Assert.That(await CountAsync(stack)).IsEqualTo(3);
    }

    [Test]
    [Arguments(FaultKind.KillBefore, 2)]
    [Arguments(FaultKind.KillAfter, 3)]
    public async Task A_process_can_be_killed_at_its_third_call(FaultKind kind, int executed)
    {
        var stack = await emulator.NewStackAsync();
        using var fault = emulator.Aws.Faults.Add(new Fault(kind) { Caller = stack.Work, Skip = 2, Times = 1 });
        var result = await emulator.Aws.Functions.InvokeAsync(stack.Work, CallEvent(stack, 5));

        await Assert.That(result.FunctionError).IsEqualTo("Unhandled");
        await Assert.That((string)JsonNode.Parse(result.Payload)!["errorMessage"]!).Contains("signal: killed");
        await Assert.That(await CountAsync(stack)).IsEqualTo(executed);
    }

    [Test]
    public async Task An_invocation_whose_process_is_killed_is_tried_again()
    {
        var stack = await emulator.NewStackAsync();
        using var fault = emulator.Aws.Faults.Add(
            new Fault(FaultKind.Kill) { Service = Fault.LambdaRun, Resource = stack.Work, Times = 1 });
        await emulator.Aws.Functions.InvokeLaterAsync(stack.Work, """{"do": "sleep", "seconds": 0.5}""");
        await emulator.Aws.UntilAsync(
            () => emulator.Aws.Functions.Invocations(stack.Work).Count == 2, EmulatedAwsFixture.Soon, "a second attempt");

        await Assert.That(emulator.Aws.Functions.Invocations(stack.Work).Select(i => i.FunctionError))
            .IsEquivalentTo(new string?[] { "Unhandled", null });
    }

    [Test]
    public async Task Conditional_writes_at_once_have_one_winner()
    {
        var stack = await emulator.NewStackAsync();
        var puts = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => TryPutAsync(stack, n)));
        await Assert.That(puts.Count(won => won)).IsEqualTo(1);
    }

    [Test]
    public async Task A_presigned_URL_is_good_for_what_was_signed_and_for_its_time()
    {
        var stack = await emulator.NewStackAsync();
        using var s3 = Client();
        var key = "tmp/claims/r/0001";
        var request = new GetPreSignedUrlRequest
        {
            BucketName = stack.InternalBucket,
            Key = key,
            Verb = HttpVerb.PUT,
            Protocol = Protocol.HTTP,
            Expires = TimeProvider.System.GetUtcNow().AddHours(1).UtcDateTime,
        };
        request.Headers["If-None-Match"] = "*";
        var url = await s3.GetPreSignedURLAsync(request);

        await Assert.That(await PutAsync(url, condition: false)).IsEqualTo(HttpStatusCode.Forbidden);
        await Assert.That(await PutAsync(url.Replace("0001", "0002", StringComparison.Ordinal))).IsEqualTo(HttpStatusCode.Forbidden);
        await Assert.That(await PutAsync(url)).IsEqualTo(HttpStatusCode.OK);
        await Assert.That(await PutAsync(url)).IsEqualTo(HttpStatusCode.PreconditionFailed);
        var call = emulator.Aws.Calls.Calls("presigned", "s3", "PutObject").First(
            c => c.Resource == $"{stack.InternalBucket}/{key}" && c.Status == 200);
        await Assert.That(call.Signer).IsEqualTo("tester");
    }

    [Test]
    public async Task A_process_can_be_killed_when_it_uses_a_presigned_URL()
    {
        var stack = await emulator.NewStackAsync();
        using var s3 = Client();
        var url = await s3.GetPreSignedURLAsync(new GetPreSignedUrlRequest
        {
            BucketName = stack.InternalBucket,
            Key = "tmp/claims/r/0001",
            Verb = HttpVerb.PUT,
            Protocol = Protocol.HTTP,
            Expires = TimeProvider.System.GetUtcNow().AddHours(1).UtcDateTime,
        });
        using var fault = emulator.Aws.Faults.Add(
            new Fault(FaultKind.KillAfter) { Operation = "PutObject", Resource = $"{stack.InternalBucket}/tmp/claims/*" });
        var result = await emulator.Aws.Functions.InvokeAsync(stack.Work, new JsonObject { ["do"] = "put", ["url"] = url }.ToJsonString());
        var claim = await emulator.Aws.Api.S3Async(HttpMethod.Get, $"/{stack.InternalBucket}/tmp/claims/r/0001");

        await Assert.That(result.Payload).Contains("signal: killed");
        await Assert.That(claim.Status).IsEqualTo(HttpStatusCode.OK);
    }

    [Test]
    public async Task What_a_killed_process_had_started_dies_with_it()
    {
        var function = await emulator.NewFunctionAsync();
        var running = emulator.Aws.Functions.InvokeAsync(function, """{"do": "spawn"}""");
        await emulator.Aws.UntilAsync(
            () => emulator.Aws.Functions.Log(function).Any(l => l.StartsWith("child ", StringComparison.Ordinal)), EmulatedAwsFixture.Soon,
            "the child runs");
        emulator.Aws.Functions.Kill(function);
        await running;

        var child = int.Parse(
            emulator.Aws.Functions.Log(function).First(l => l.StartsWith("child ", StringComparison.Ordinal)).Split(' ')[1]);
        await emulator.Aws.UntilAsync(() => !EmulatedAwsFixture.IsRunning(child), EmulatedAwsFixture.Soon, "the child is gone");
    }

    private static async Task<HttpStatusCode> PutAsync(string url, bool condition = true)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Put, url) { Content = new ByteArrayContent([1]) };
        if (condition)
        {
            request.Headers.TryAddWithoutValidation("If-None-Match", "*");
        }

        using var response = await http.SendAsync(request);
        return response.StatusCode;
    }

    private static string CallEvent(Deployment stack, int times) =>
        new JsonObject { ["do"] = "call", ["table"] = stack.OrdersTable, ["key"] = "k", ["times"] = times }.ToJsonString();

    private AmazonS3Client Client() => new(
        new BasicAWSCredentials(emulator.Aws.Variables["AWS_ACCESS_KEY_ID"], emulator.Aws.Variables["AWS_SECRET_ACCESS_KEY"]),
        new AmazonS3Config { ServiceURL = emulator.Aws.Endpoint, ForcePathStyle = true, AuthenticationRegion = "us-east-1" });

    private async Task<List<int>> StatusesAsync(Deployment stack, int times) =>
        [.. JsonNode.Parse((await emulator.Aws.Functions.InvokeAsync(stack.Work,
            CallEvent(stack, times))).Payload)!.AsArray().Select(n => (int)n!)];

    private async Task<int> CountAsync(Deployment stack)
    {
        var item = await emulator.Aws.Api.CallAsync("dynamodb", "GetItem", new JsonObject
        {
            ["TableName"] = stack.OrdersTable,
            ["Key"] = new JsonObject { ["pk"] = new JsonObject { ["S"] = "k" } },
        });
        return int.Parse((string)item["Item"]!["n"]!["N"]!);
    }

    private async Task<bool> TryPutAsync(Deployment stack, int n)
    {
        try
        {
            await emulator.Aws.Api.CallAsync("dynamodb", "PutItem", new JsonObject
            {
                ["TableName"] = stack.LocksTable,
                ["Item"] = new JsonObject { ["pk"] = new JsonObject { ["S"] = "lock" }, ["owner"] = new JsonObject { ["S"] = $"{n}" } },
                ["ConditionExpression"] = "attribute_not_exists(pk)",
            });
            return true;
        }
        catch (AwsApiException refused) when (refused.Message.Contains("ConditionalCheckFailed", StringComparison.Ordinal))
        {
            return false;
        }
    }
}
