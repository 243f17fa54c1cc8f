using IacCi.Core.Model;
using IacCi.Core.Terminal;

namespace IacCi.Tests.Unit.Terminal;

/// <summary>The last screen of a run.</summary>
internal sealed class EndingTests
{
    private static readonly Palette Plain = new(false);

    private static RunView Failed(int failures)
    {
        var run = SampleRuns.Run();
        return run with
        {
            Orders =
            [
                .. Enumerable.Range(1, failures).Select(i => SampleRuns.Order(run.Job, i, $"order {i}", OrderStatus.Failed) with
                {
                    StartedAt = SampleRuns.Start,
                    FinishedAt = SampleRuns.Start.AddSeconds(i),
                    ExitCode = 3,
                    Commands = ["terraform init", "terraform apply -auto-approve\necho done"],
                    FailureReason = "command_failed: exit code 3 of command 2 of 2",
                    LogTail = string.Concat(Enumerable.Range(1, 30).Select(line => $"line {line}\n")),
                }),
                SampleRuns.Order(
                    run.Job, failures + 1, "ingress",
                    OrderStatus.Failed) with { FailureReason = FailureReason.DependencyFailed, Dependencies = [OrderNum.At(0)] },
                SampleRuns.Order(
                    run.Job, failures + 2, "vpc",
                    OrderStatus.Succeeded) with { StartedAt = SampleRuns.Start, FinishedAt = SampleRuns.Start.AddSeconds(90) },
            ],
        };
    }

    [Test]
    public async Task It_shows_causes_the_slowest_and_the_commands_that_show_more() =>
        await Golden.ExpectAsync(string.Join('\n', RunEnding.Of(Failed(2), withOutput: true, " --state-dir /s", 80, Plain)), "ending");

    [Test]
    public async Task Many_failures_are_counted_and_a_run_without_any_is_brief()
    {
        var many = RunEnding.Of(Failed(300), withOutput: true, "", 80, Plain);
        await Assert.That(many.Count).IsLessThan(300);
        await Assert.That(string.Join('\n', many)).Contains("and 290 more that did not succeed: iac-ci status 0b6c0d3a");
        await Assert.That(RunEnding.Of(Failed(0) with { Orders = [.. Failed(0).Orders.TakeLast(1)] }, withOutput: true, "", 80, Plain))
            .IsEmpty();
    }

    [Test]
    public async Task What_was_shown_before_is_not_shown_again()
    {
        var lines = string.Join('\n', RunEnding.Of(Failed(1), withOutput: false, "", 80, Plain));
        await Assert.That(lines)
            .Contains("exit 3, command 2 of 2").And.Contains("$ terraform apply -auto-approve").And.DoesNotContain("line 30");
    }

    [Test]
    public async Task A_run_is_counted_once_and_in_the_same_words_everywhere()
    {
        var run = Failed(1);
        await Assert.That(run.Counts.ToString()).IsEqualTo("1 succeeded, 1 failed, 1 skipped");
        await Assert.That(RunSentence.Of(run, Plain)).EndsWith(": 1 succeeded, 1 failed, 1 skipped");
        using var json = System.Text.Json.JsonDocument.Parse(run.ToJson());
        await Assert.That(json.RootElement.GetProperty("summary").GetProperty("failed").GetInt32()).IsEqualTo(2);
        await Assert.That(json.RootElement.GetProperty("counts").GetProperty("skipped").GetInt32()).IsEqualTo(1);
        await Assert.That(json.RootElement.GetProperty("orders")[1].GetProperty("display_status").GetString()).IsEqualTo("skipped");
    }
}
