using System.Text;
using System.Text.Json.Nodes;
using IacCi.Core.Hosts.Aws.Lambda;
using IacCi.Core.Hosts.Logging;
using IacCi.Core.Text;
using Microsoft.Extensions.Time.Testing;

namespace IacCi.Tests.Unit.Hosts.Aws.Lambda;

internal sealed class RuntimeLoopTests : IAsyncDisposable
{
    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly MemoryStream lines = new();
    private FakeRuntimeApi lambda = null!;

    private string Logged => Encoding.UTF8.GetString(lines.ToArray());

    [Before(Test)]
    public async Task Start() => lambda = await FakeRuntimeApi.StartAsync();

    public async ValueTask DisposeAsync() => await lambda.DisposeAsync();

    [Test]
    public async Task One_process_answers_one_event_after_the_other()
    {
        var made = 0;
        lambda.Give("one", """{"n":1}""");
        lambda.Give("two", """{"n":2}""");
        lambda.End();

        await ServeAsync(() =>
        {
            made++;
            return (invocation, _) => new(invocation.Event);
        });

        await Assert.That(await lambda.NextAsync()).IsEqualTo(new FakeRuntimeApi.Back("invocation/one/response", """{"n":1}""", null));
        await Assert.That(await lambda.NextAsync()).IsEqualTo(new FakeRuntimeApi.Back("invocation/two/response", """{"n":2}""", null));
        await Assert.That(made).IsEqualTo(1);
    }

    [Test]
    public async Task A_failure_is_told_and_the_process_serves_the_next_event()
    {
        lambda.Give("one", "{}");
        lambda.Give("two", "{}");
        lambda.End();

        await ServeAsync(
            () =>
                (invocation, _) =>
                    invocation.RequestId == "one" ? throw new UserException("the table is missing; create it") : new(invocation.Event));

        var error = await lambda.NextAsync();
        await Assert.That(error.Path).IsEqualTo("invocation/one/error");
        await Assert.That(error.ErrorType).IsEqualTo("InvalidInput");
        await Assert.That(JsonNode.DeepEquals(JsonNode.Parse(error.Body), JsonNode.Parse(
            """{"errorType":"InvalidInput","errorMessage":"the table is missing; create it","stackTrace":[]}"""))).IsTrue();
        await Assert.That((await lambda.NextAsync()).Path).IsEqualTo("invocation/two/response");
        await Assert.That(Logged)
            .Contains("\"msg\":\"InvalidInput: the table is missing; create it\"").And.Contains("\"request_id\":\"one\"");
    }

    [Test]
    public async Task A_fault_of_ours_is_told_without_the_secret_it_quotes()
    {
        lambda.Give("one", "{}");
        lambda.End();

        await ServeAsync(
            () =>
                (_, _) =>
                    throw new InvalidOperationException(
                        "PUT https://b.s3.amazonaws.com/k?X-Amz-Signature=abc123&x=1 said no to ghp_0123456789abcdef"));

        var error = await lambda.NextAsync();
        await Assert.That(error.ErrorType).IsEqualTo("InvalidOperationException");
        await Assert.That(error.Body + Logged).DoesNotContain("abc123").And.DoesNotContain("ghp_0123");
        await Assert.That(Logged).Contains("a fault of our own");
    }

    [Test]
    public async Task What_is_missing_at_the_start_is_told_as_an_init_error()
    {
        await Assert.That(async () => await ServeAsync(() => throw new UserException("the variable IAC_CI_ORDERS_TABLE is not set")))
            .Throws<UserException>();

        var error = await lambda.NextAsync();
        await Assert.That(error.Path).IsEqualTo("init/error");
        await Assert.That(error.Body).Contains("IAC_CI_ORDERS_TABLE");
    }

    [Test]
    public async Task A_handler_is_asked_to_stop_before_its_deadline()
    {
        lambda.Give("one", "{}", clock.GetUtcNow() + TimeSpan.FromSeconds(10));
        lambda.End();
        var asked = new TaskCompletionSource();
        var serving = ServeAsync(() => async (_, token) =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, clock, token);
            return default;
        });
        await asked.Task;

        clock.Advance(TimeSpan.FromSeconds(8.9));
        await Assert.That(serving.IsCompleted).IsFalse();
        clock.Advance(TimeSpan.FromSeconds(0.2));
        await serving;

        await Assert.That((await lambda.NextAsync()).ErrorType).IsEqualTo("OutOfTime");
    }

    [Test]
    public async Task An_answer_that_Lambda_finds_too_large_becomes_an_error()
    {
        lambda.Refusals.Enqueue(413);
        lambda.Give("one", "{}");
        lambda.End();

        await ServeAsync(() => (invocation, _) => new(invocation.Event));

        await Assert.That((await lambda.NextAsync()).Path).IsEqualTo("invocation/one/response");
        await Assert.That(await lambda.NextAsync()).Satisfies(
            back => back!.Path == "invocation/one/error" && back.ErrorType == "AnswerTooLarge");
    }

    [Test]
    public async Task An_answer_that_comes_too_late_is_not_the_end_of_the_process()
    {
        lambda.Refusals.Enqueue(400);
        lambda.Give("one", "{}");
        lambda.Give("two", "{}");
        lambda.End();

        await ServeAsync(() => (invocation, _) => new(invocation.Event));

        await lambda.NextAsync();
        await Assert.That((await lambda.NextAsync()).Path).IsEqualTo("invocation/two/response");
        await Assert.That(Logged).Contains("came too late");
    }

    [Test]
    public async Task An_event_that_is_too_large_is_told_and_not_kept()
    {
        lambda.Give("one", new string('x', RuntimeApi.MaxEventBytes + 1));
        lambda.Give("two", "{}");
        lambda.End();
        var seen = new List<string>();

        await ServeAsync(() => (invocation, _) =>
        {
            seen.Add(invocation.RequestId);
            return new(invocation.Event);
        });

        await Assert.That((await lambda.NextAsync()).ErrorType).IsEqualTo("EventTooLarge");
        await Assert.That(seen).IsEquivalentTo(["two"]);
    }

    [Test]
    public async Task The_trace_of_Lambda_goes_no_further()
    {
        lambda.Give("one", "{}");
        lambda.End();

        await ServeAsync(() => (invocation, _) => new(invocation.Event));

        await lambda.NextAsync();
        await Assert.That(Environment.GetEnvironmentVariable("_X_AMZN_TRACE_ID")).IsNull();
        await Assert.That(lambda.LastHeaders!.Keys.Any(name => name.Contains("trace", StringComparison.OrdinalIgnoreCase))).IsFalse();
    }

    /// <summary>Serves until the API is gone.</summary>
    private async Task ServeAsync(Func<InvocationHandler> initialize)
    {
        using var api = new RuntimeApi(lambda.Address, clock);
        var log = new StructuredLog(lines, LogShape.Json, clock, new LogContext { Role = "webhook" });
        try
        {
            await new RuntimeLoop(api, log, clock).RunAsync(initialize, TimeSpan.FromSeconds(1), CancellationToken.None);
        }
        catch (HttpRequestException gone) when (gone.StatusCode == System.Net.HttpStatusCode.Gone)
        {
            // That is how it ends.
        }
    }
}
