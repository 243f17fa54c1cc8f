using System.Diagnostics;

namespace IacCi.Tests.EndToEnd.Local;

/// <summary>What people see of a run from another terminal, and from one that is none.</summary>
internal sealed class LogFollowingTests
{
    private const string Wait = "until [ -e $OUT.go ]; do sleep 0.02; done";

    [Test]
    public async Task All_orders_are_followed_at_once_and_each_line_bears_its_orders_name()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order("a", "echo a begins >> $OUT; echo first of a; " + Wait + "; echo last of a"),
            LocalFixture.Order("b", "echo b begins >> $OUT; echo first of b; " + Wait + "; exit 3"));
        var run = place.Start("run", "job.json", "--run-id", "r", "--parallel", "2");
        await LocalFixture.UntilAsync(() => place.Lines().Count == 2, "both run");
        var logs = place.Start("logs", "r", "-f");
        await LocalFixture.UntilAsync(
            () =>
                logs.OutputSoFar.Contains("a | first of a", StringComparison.Ordinal)
                    && logs.OutputSoFar.Contains("b | first of b", StringComparison.Ordinal),
            "both are shown");
        File.WriteAllText(place.Out + ".go", "");
        var ended = await logs.EndAsync();
        await Assert.That(ended.Output)
            .Contains("a | last of a\n").And.Contains("── a (0001) succeeded\n").And.Contains("── b (0002) failed\n");
        await Assert.That((await run.EndAsync()).ExitCode).IsEqualTo(1);
    }

    [Test]
    public async Task A_run_whose_process_was_killed_is_said_to_be_nobodys_and_following_it_ends()
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("a", "echo $$ >> $OUT; echo first of a; " + Wait));
        var run = place.Start("run", "job.json", "--run-id", "r");
        await LocalFixture.UntilAsync(() => place.Lines().Count == 1, "the order runs");
        var living = await place.RunAsync("status", "r");
        await Assert.That(living.Output).DoesNotContain("nobody");
        var follower = place.Start("logs", "r", "-f");
        var events = place.Start("events", "r", "-f");
        await LocalFixture.UntilAsync(() => follower.OutputSoFar.Contains("first of a", StringComparison.Ordinal), "it is followed");
        run.Signal(Started.Kill);
        foreach (var ended in new[] { await follower.EndAsync(), await events.EndAsync() })
        {
            await Assert.That(ended.ExitCode).IsEqualTo(0);
            await Assert.That(ended.Errors).Contains("nobody works on this run").And.Contains("iac-ci run --resume r");
        }

        await Assert.That((await place.RunAsync("status", "r")).Output)
            .Contains("nobody works on this run").And.Contains("iac-ci run --resume r");
        await Assert.That((await place.RunAsync("status")).Output).Contains("interrupted");
        await Assert.That((bool)(await place.RunAsync("status", "r", "-o", "json")).Json["abandoned"]!).IsTrue();
        Started.Signal(int.Parse(place.Lines()[0], System.Globalization.CultureInfo.InvariantCulture), Started.Kill);
    }

    [Test]
    [Arguments("logs r -f")]
    [Arguments("logs r a -f")]
    public async Task A_reader_that_goes_away_ends_the_follower_though_nothing_more_is_written(string arguments)
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("a", "echo a begins >> $OUT; echo one; echo two; " + Wait));
        var run = place.Start("run", "job.json", "--run-id", "r");
        await LocalFixture.UntilAsync(() => place.Lines().Count == 1, "the order runs");
        var info = new ProcessStartInfo("sh", ["-c", $"{Binary.Require()} {arguments} | head -1"]) { WorkingDirectory = place.Path };
        using var piped = new Started(info, "");
        await Assert.That((await piped.EndAsync()).Output).EndsWith("one\n");
        File.WriteAllText(place.Out + ".go", "");
        await run.EndAsync();
    }

    [Test]
    public async Task Without_a_terminal_starts_and_ends_are_lines_and_all_output_is_named_when_asked_for()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order("a", "echo out of a"), LocalFixture.Order("b", "echo out of b; exit 3"));
        var errors = (await place.RunAsync("run", "job.json", "--show-output", "--parallel", "1")).Errors;
        await Assert.That(errors).Contains("▶ a\na | out of a\n✓ a ").And.Contains("▶ b\nb | out of b\n✗ b ");
        await Assert.That(errors).Contains("exit 3").And.Contains("$ echo out of b; exit 3").And.Contains("more: iac-ci status");
    }

    [Test]
    public async Task Under_GitHub_Actions_no_output_is_a_command_and_each_failure_is_an_annotation()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order("a", "echo '::error::forged'; echo '##[add-mask]forged'; exit 3"));
        place.Environment["GITHUB_ACTIONS"] = "true";
        foreach (var options in new[] { Array.Empty<string>(), ["--show-output"] })
        {
            var lines = (await place.RunAsync(["run", "job.json", .. options])).Errors.Split('\n');
            await Assert.That(lines.Count(line => line.StartsWith("::error title=a::exit 3%0A", StringComparison.Ordinal))).IsEqualTo(1);
            string? stopped = null;
            foreach (var line in lines)
            {
                stopped = line.StartsWith("::stop-commands::", StringComparison.Ordinal)
                    ? line["::stop-commands::".Length..]
                    : line == $"::{stopped}::"
                    ? null
                    : stopped;
                await Assert.That(stopped is null && line.Contains("##[", StringComparison.Ordinal)).IsFalse().Because(line);
            }

            await Assert.That(lines).DoesNotContain("::error::forged");
        }
    }

    [Test]
    public async Task A_list_in_a_pipe_cuts_nothing_and_can_be_narrowed()
    {
        var name = "an order with a name of more than forty characters, which no column may cut";
        using var place = new LocalFixture().WithOrders(LocalFixture.Order(name, "true"));
        await place.RunJobAsync("--run-id", "first");
        await place.RunJobAsync("--run-id", "second");
        await Assert.That((await place.RunAsync("status", "first")).Output).Contains(name);
        await Assert.That((await place.RunAsync("status", "--limit", "1")).Output.Trim().Split('\n').Single())
            .StartsWith("second  succeeded");
        await Assert.That((await place.RunAsync("status", "--since", "1h", "--status", "failed")).Output).IsEmpty();
        await Assert.That((await place.RunAsync("status", "--until", "2020-01-01")).Errors)
            .Contains("none of the 2 runs in").And.Contains(place.State);
        await Assert.That((await place.RunAsync("status", "--since", "soon")).ExitCode).IsEqualTo(2);
        await Assert.That((await place.RunAsync("status", "first", "--limit", "1")).ExitCode).IsEqualTo(2);
    }
}
