using IacCi.Core.Model;
using IacCi.Core.Terminal;

namespace IacCi.Tests.Unit.Terminal;

/// <summary>What a run shows where there is no terminal.</summary>
internal sealed class PlainDisplayTests : IDisposable
{
    private static readonly Palette Plain = new(false);

    private readonly JumpingClock clock = new();
    private readonly SynchronizedWriter output = new();

    public void Dispose() => output.Dispose();

    private PlainDisplay Display(RunPlan plan, WorkflowCommands? workflow = null) =>
        new("network", new RunProgressView(plan), output, Plain, new PlainOptions { Workflow = workflow }, clock);

    [Test]
    public async Task Each_order_that_runs_has_a_line_when_it_starts_and_one_when_it_ends_also_when_both_come_at_once()
    {
        var plan = SampleRuns.Plan(("a", []), ("b", []), ("c", [2]));
        await using (var display = Display(plan))
        {
            display.Take(SampleRuns.Progress(plan, "rqq", 0));
            display.Take(SampleRuns.Progress(plan, "sff", 1, SampleRuns.Ended(plan, 1, OrderAction.Succeed, 1),
                SampleRuns.Ended(
                    plan, 2, OrderAction.Fail, 1, "command_failed: exit code 4 of command 1 of 1") with
                { StartedAt = SampleRuns.Start },
                SampleRuns.Ended(plan, 3, OrderAction.Skip, 1, FailureReason.DependencyFailed) with { ExitCode = null }));
        }

        await Assert.That(output.Lines.Skip(1)).IsEquivalentTo(["▶ a", "✓ a 1.0s", "▶ b", "✗ b 1.0s exit 4", "- c skipped, because of b"]);
    }

    [Test]
    public async Task Silence_is_broken_once_a_minute_and_not_more_often()
    {
        var plan = SampleRuns.Plan(("a", []), ("b", [1]));
        await using (var display = Display(plan))
        {
            display.Take(SampleRuns.Progress(plan, "rq", 0));
            await output.UntilAsync("▶ a");
            for (var second = 0; second < 300; second += 5)
            {
                var before = output.Writes;
                clock.Advance(TimeSpan.FromSeconds(5));
                if ((second + 5) % 60 == 0)
                {
                    await output.UntilAsync(() => output.Writes > before);
                }
            }
        }

        var beats = output.Lines.Where(line => line.StartsWith('…')).ToList();
        await Assert.That(beats.Count).IsEqualTo(5);
        await Assert.That(beats[0]).IsEqualTo("… 1m00s: 0 of 2 done: 1 running, 1 queued (a 1m00s)");
    }

    [Test]
    [Arguments(3_600)]
    [Arguments(-3_600)]
    public async Task A_clock_that_is_set_bends_no_duration_and_delays_no_sign_of_life(int bySeconds)
    {
        var plan = SampleRuns.Plan(("a", []), ("b", [1]));
        await using (var display = Display(plan))
        {
            display.Take(SampleRuns.Progress(plan, "rq", 0));
            await output.UntilAsync("▶ a");
            clock.SetBy = TimeSpan.FromSeconds(bySeconds);
            for (var second = 0; second < 60; second += 5)
            {
                clock.Advance(TimeSpan.FromSeconds(5));
            }

            await output.UntilAsync(() => output.Lines.Any(line => line.StartsWith('…')));
        }

        await Assert.That(output.Lines.Where(line => line.StartsWith('…'))).IsEquivalentTo(
            ["… 1m00s: 0 of 2 done: 1 running, 1 queued (a 1m00s)"]);
    }

    [Test]
    public async Task Under_GitHub_Actions_output_is_a_group_and_a_failure_an_annotation()
    {
        var plan = SampleRuns.Plan(("a", []));
        await using (var display = Display(plan, new WorkflowCommands(() => "word")))
        {
            display.Take(
                SampleRuns.Progress(
                    plan, "f", 1,
                    SampleRuns.Ended(
                        plan, 1, OrderAction.Fail, 1, "command_failed: exit code 4 of command 2 of 3",
                        "50% done\n::set-output name=x::y\n") with
                    { StartedAt = SampleRuns.Start }));
        }

        await Assert.That(output.Lines.SkipWhile(line => !line.StartsWith('✗'))).IsEquivalentTo(
        [
            "✗ a 1.0s exit 4, command 2 of 3", "::group::the end of the output of a 1.0s exit 4, command 2 of 3", "::stop-commands::word",
            "  | 50% done",
            "  | ::set-output name=x::y", "::word::", "::endgroup::", $"  all of it: iac-ci logs {plan.RunId} 0001",
            "::error title=a::exit 4, command 2 of 3%0A::set-output name=x::y",
        ]);
    }

    [Test]
    [Arguments("a%b\r\n::c", "title: x, y", "::error title=title%3A x%2C y::a%25b%0D%0A::c")]
    public async Task Annotations_are_escaped_as_GitHub_demands(string message, string title, string expected) =>
        await Assert.That(WorkflowCommands.Error(title, message)).IsEqualTo(expected);

    [Test]
    [Arguments("::error::x", "| ::error::x")]
    [Arguments("  ::error::x", "|   ::error::x")]
    [Arguments("▶ ##[error]x", "▶ # #[error]x")]
    [Arguments("▶ a::b", "▶ a::b")]
    public async Task No_name_becomes_a_command(string line, string plain) =>
        await Assert.That(WorkflowCommands.Plain(line)).IsEqualTo(plain);

    [Test]
    public async Task A_reader_that_is_gone_ends_nothing()
    {
        var plan = SampleRuns.Plan(("a", []));
        await using var display = new PlainDisplay(
            "network", new RunProgressView(plan), new BrokenWriter(), Plain, new PlainOptions(), clock);
        display.Take(SampleRuns.Progress(plan, "r", 0));
        display.Take(SampleRuns.Progress(plan, "s", 1, SampleRuns.Ended(plan, 1, OrderAction.Succeed, 1)));
    }

    private sealed class BrokenWriter : StringWriter
    {
        public override void Write(string? value) => throw new IOException("no space left");
    }

    /// <summary>What was written so far, for a test beside the task that writes.</summary>
    private sealed class SynchronizedWriter : StringWriter
    {
        private readonly Lock gate = new();
        private readonly System.Text.StringBuilder text = new();
        private int writes;

        public SynchronizedWriter() => NewLine = "\n";

        public int Writes => Volatile.Read(ref writes);

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (gate)
                {
                    return text.ToString().TrimEnd('\n').Split('\n');
                }
            }
        }

        public override void Write(string? value)
        {
            lock (gate)
            {
                text.Append(value);
            }

            Interlocked.Increment(ref writes);
        }

        public Task UntilAsync(string line) => UntilAsync(() => Lines.Contains(line));

        public async Task UntilAsync(Func<bool> holds)
        {
            while (!holds())
            {
                await Task.Yield();
            }
        }
    }
}
