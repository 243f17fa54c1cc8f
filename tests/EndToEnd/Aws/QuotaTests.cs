using IacCi.Emulated;
using IacCi.Emulated.Stacks;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>An account as it is on its first day: one build at once, and one that waits.</summary>
internal sealed class FirstDayAwsFixture : PublishedAwsFixture
{
    /// <inheritdoc/>
    protected override EmulatedAwsOptions Options => base.Options with { MaxBuilds = 1, MaxQueuedBuilds = 1 };
}

/// <summary>Quotas are normal: what finds no room waits, and nobody is alarmed.</summary>
[Category("Emulated")]
[NotInParallel(PublishedAwsFixture.Turns)]
[ClassDataSource<FirstDayAwsFixture>(Shared = SharedType.PerClass)]
internal sealed class QuotaTests(FirstDayAwsFixture published)
{
    private const int Builds = 6;

    [Test]
    public async Task Builds_that_find_no_room_wait_and_all_succeed_without_an_error_or_a_dropped_event()
    {
        var stack = await published.NewStackAsync(new StackOptions { PollSeconds = 1 });
        using var history = new RunHistory();
        var orders = Enumerable.Range(1, Builds).Select(i => history.Order(stack, $"build-{i}", "codebuild", "true"))
            .Append(history.Order(stack, "function", "lambda", "true"));
        await published.SubmitAsync(stack, "run-1", [.. orders]);

        await Assert.That(await published.DoneAsync(stack, "run-1")).Contains($"\"succeeded\":{Builds + 1}");
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);
        var refused = published.Aws.Calls.Calls().Where(call => call is { Operation: "StartBuild", Status: 400 }).ToList();
        await Assert.That(refused.Count > 0).IsTrue();
        await Assert.That(history.Lines.Count(line => line.StartsWith("begin", StringComparison.Ordinal))).IsEqualTo(Builds + 1);
        await Assert.That(published.Aws.Functions.Invocations(stack.Orchestrate).Where(call => call.FunctionError is not null)).IsEmpty();
        await Assert.That(published.Aws.Functions.Log(stack.Orchestrate).Where(line => line.Contains("\"level\":\"error\"")))
            .IsEmpty();
    }
}
