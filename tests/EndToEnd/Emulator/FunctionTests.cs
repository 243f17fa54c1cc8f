using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using IacCi.Emulated.Faults;

namespace IacCi.Tests.EndToEnd.Emulator;

[Category("Emulated")]
[ClassDataSource<EmulatedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class FunctionTests(EmulatedAwsFixture emulator)
{
    [Test]
    public async Task A_process_serves_one_invocation_after_another()
    {
        var function = await emulator.NewFunctionAsync();
        var first = await emulator.InvokeAsync(function, """{"n": 1}""");
        await emulator.Aws.UntilAsync(
            () => emulator.Aws.Functions.Idle(function) == 1, EmulatedAwsFixture.Soon, "the process asks for more");
        var second = await emulator.InvokeAsync(function, """{"n": 2}""");

        await Assert.That((int)second["echo"]!["n"]!).IsEqualTo(2);
        await Assert.That((int)second["served"]!).IsEqualTo(2);
        await Assert.That((int)second["pid"]!).IsEqualTo((int)first["pid"]!);
        await Assert.That(emulator.Aws.Functions.Invocations(function).Select(i => i.Cold)).IsEquivalentTo([true, false]);
        await Assert.That(emulator.Aws.Functions.Log(function).Count(l => l.StartsWith("serving ", StringComparison.Ordinal))).IsEqualTo(2);
    }

    [Test]
    public async Task Invocations_at_once_get_processes_of_their_own()
    {
        var function = await emulator.NewFunctionAsync();
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 3).Select(_ => emulator.Aws.Functions.InvokeAsync(function, """{"do": "sleep", "seconds": 0.3}""")));

        await Assert.That(answers.Select(a => a.FunctionError)).IsEquivalentTo(new string?[] { null, null, null });
        await Assert.That(emulator.Aws.Functions.Invocations(function).Select(i => i.ProcessId).Distinct().Count()).IsEqualTo(3);
    }

    [Test]
    public async Task A_function_gets_its_command_its_variables_and_an_environment_of_Lambda()
    {
        var function = await emulator.NewFunctionAsync("loop", 7, new Dictionary<string, string> { ["COLOUR"] = "blue" });
        var seen = await emulator.InvokeAsync(function, """{"do": "env"}""");
        var echo = await emulator.InvokeAsync(function, "{}");

        await Assert.That((string)seen["COLOUR"]!).IsEqualTo("blue");
        await Assert.That((string)seen["AWS_LAMBDA_FUNCTION_NAME"]!).IsEqualTo(function);
        await Assert.That((string)seen["AWS_ENDPOINT_URL"]!).IsEqualTo(emulator.Aws.Endpoint);
        await Assert.That((string)seen["_HANDLER"]!).IsEqualTo("loop");
        await Assert.That((string)echo["args"]![0]!).IsEqualTo("loop");
        await Assert.That(seen["PWD"] is null || (string)seen["PWD"]! != Environment.CurrentDirectory).IsTrue();
    }

    [Test]
    public async Task A_new_configuration_ends_the_warm_processes()
    {
        var function = await emulator.NewFunctionAsync();
        await emulator.InvokeAsync(function, "{}");
        await emulator.Aws.Api.RestAsync("lambda", HttpMethod.Put, $"/2015-03-31/functions/{function}/configuration", new JsonObject
        {
            ["Environment"] = new JsonObject { ["Variables"] = new JsonObject { ["COLOUR"] = "red" } },
        });

        await Assert.That((string)(await emulator.InvokeAsync(function, """{"do": "env"}"""))["COLOUR"]!).IsEqualTo("red");
    }

    [Test]
    public async Task An_error_of_the_function_comes_back_in_the_answer_of_Invoke()
    {
        var function = await emulator.NewFunctionAsync();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{emulator.Aws.Endpoint}/2015-03-31/functions/{function}/invocations")
        {
            Content = new StringContent("""{"do": "fail", "message": "broken"}"""),
        };
        request.Headers.TryAddWithoutValidation(
            "Authorization", "AWS4-HMAC-SHA256 Credential=X/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0");
        using var response = await http.SendAsync(request);

        await Assert.That(response.StatusCode).IsEqualTo(HttpStatusCode.OK);
        await Assert.That(response.Headers.GetValues("X-Amz-Function-Error").Single()).IsEqualTo("Unhandled");
        await Assert.That((string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["errorMessage"]!).IsEqualTo("broken");
    }

    [Test]
    [Arguments("""{"do": "exit", "code": 3}""", "Runtime.ExitError", "exit status 3")]
    [Arguments("""{"do": "sleep", "seconds": 30}""", "Sandbox.Timedout", "Task timed out after 1.00 seconds")]
    public async Task A_process_that_dies_or_takes_too_long_is_an_error_and_the_next_invocation_gets_a_new_one(
        string payload, string type, string message)
    {
        var function = await emulator.NewFunctionAsync(timeoutSeconds: 1);
        var error = await emulator.InvokeAsync(function, payload);
        var next = await emulator.InvokeAsync(function, "{}");

        await Assert.That((string)error["errorType"]!).IsEqualTo(type);
        await Assert.That((string)error["errorMessage"]!).Contains(message);
        await Assert.That((int)next["served"]!).IsEqualTo(1);
    }

    [Test]
    public async Task An_init_error_is_the_answer()
    {
        var function = await emulator.NewFunctionAsync("bad-init");
        await Assert.That((string)(await emulator.InvokeAsync(function, "{}"))["errorType"]!).IsEqualTo("Init.Bad");
    }

    [Test]
    public async Task A_failing_asynchronous_invocation_is_tried_three_times_and_then_told_to_the_failure_queue()
    {
        var stack = await emulator.NewStackAsync();
        await emulator.Aws.Functions.InvokeLaterAsync(stack.Work, """{"do": "fail"}""");
        var queue = new JsonObject { ["QueueUrl"] = $"{emulator.Aws.Endpoint}/123456789012/{stack.FailureQueue}" };
        JsonArray? messages = null;
        await emulator.Aws.UntilAsync(
            async () =>
                (messages = (await emulator.Aws.Api.CallAsync("sqs", "ReceiveMessage", queue))["Messages"]?.AsArray()) is { Count: > 0 },
            EmulatedAwsFixture.Soon, "a message about the failure");

        var told = JsonNode.Parse((string)messages![0]!["Body"]!)!;
        await Assert.That((string)told["requestContext"]!["condition"]!).IsEqualTo("RetriesExhausted");
        await Assert.That((int)told["requestContext"]!["approximateInvokeCount"]!).IsEqualTo(3);
        var attempts = emulator.Aws.Functions.Invocations(stack.Work);
        await Assert.That(attempts.Select(i => i.Attempt)).IsEquivalentTo([1, 2, 3]);
        await Assert.That(attempts.Select(i => i.RequestId).Distinct().Count()).IsEqualTo(1);
    }

    [Test]
    public async Task An_asynchronous_invocation_can_come_twice()
    {
        var function = await emulator.NewFunctionAsync();
        using var twice = emulator.Aws.Faults.Add(
            new Fault(FaultKind.Duplicate) { Service = Fault.AsyncInvoke, Resource = function, Times = 1 });
        await emulator.Aws.Functions.InvokeLaterAsync(function, "{}");
        await emulator.Aws.UntilAsync(
            () => emulator.Aws.Functions.Invocations(function).Count == 2, EmulatedAwsFixture.Soon, "two invocations");

        await Assert.That(emulator.Aws.Functions.Invocations(function).Select(i => i.RequestId).Distinct().Count()).IsEqualTo(1);
    }

    [Test]
    public async Task An_HTTP_API_calls_its_function_for_its_routes_alone()
    {
        var stack = await emulator.NewStackAsync();
        using var http = new HttpClient();
        using var body = new StringContent("""{"a": 1}""", Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(new Uri(stack.ApiUrl + "/webhook?x=1"), body);
        var seen = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        using var get = await http.GetAsync(new Uri(stack.ApiUrl + "/webhook"));

        await Assert.That(response.StatusCode).IsEqualTo(HttpStatusCode.Created);
        await Assert.That(response.Headers.GetValues("X-Said").Single()).IsEqualTo("yes");
        await Assert.That((string)seen["version"]!).IsEqualTo("2.0");
        await Assert.That((string)seen["routeKey"]!).IsEqualTo("POST /webhook");
        await Assert.That((string)seen["body"]!).IsEqualTo("""{"a": 1}""");
        await Assert.That((string)seen["rawQueryString"]!).IsEqualTo("x=1");
        await Assert.That(get.StatusCode).IsEqualTo(HttpStatusCode.NotFound);
    }

    [Test]
    public async Task An_HTTP_API_that_its_function_does_not_permit_answers_500()
    {
        var stack = await emulator.NewStackAsync();
        await emulator.Aws.Api.RestAsync("lambda", HttpMethod.Delete, $"/2015-03-31/functions/{stack.Webhook}/policy/apigateway");
        using var http = new HttpClient();
        using var response = await http.PostAsync(new Uri(stack.ApiUrl + "/webhook"), null);

        await Assert.That(response.StatusCode).IsEqualTo(HttpStatusCode.InternalServerError);
        await Assert.That(emulator.Aws.Functions.Invocations(stack.Webhook).Count).IsEqualTo(0);
    }

    [Test]
    public async Task A_function_URL_with_IAM_refuses_unsigned_requests()
    {
        var stack = await emulator.NewStackAsync();
        var url = (string)(await emulator.Aws.Api.RestAsync(
            "lambda", HttpMethod.Post, $"/2021-10-31/functions/{stack.Webhook}/url",
            new JsonObject { ["AuthType"] = "AWS_IAM" }))["FunctionUrl"]!;
        using var http = new HttpClient();
        using var unsigned = await http.PostAsync(new Uri(url), null);
        http.DefaultRequestHeaders.TryAddWithoutValidation(
            "Authorization", "AWS4-HMAC-SHA256 Credential=X/20260101/us-east-1/lambda/aws4_request");
        using var signed = await http.PostAsync(new Uri(url), null);

        await Assert.That(unsigned.StatusCode).IsEqualTo(HttpStatusCode.Forbidden);
        await Assert.That(signed.StatusCode).IsEqualTo(HttpStatusCode.Created);
    }
}
