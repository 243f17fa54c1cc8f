using IacCi.Core.Model;
using IacCi.Core.Terminal;
using IacCi.Core.Text;
using IacCi.Tests.EndToEnd.Local;
using Microsoft.Extensions.Time.Testing;

namespace IacCi.Tests.Unit.Terminal;

/// <summary>The picture on a terminal, whatever its size and however many orders there are.</summary>
internal sealed class FrameTests
{
    private static readonly Palette Plain = new(false);

    /// <summary>So many orders in a chain of three: some failed, skipped, running, ready, waiting and done.</summary>
    private static (RunPlan Plan, OrderLine[] Lines) Many(int count)
    {
        var plan = SampleRuns.Plan(
            [.. Enumerable.Range(1, count).Select(i => ($"stack-{i:0000}", i > 3 && i % 10 != 0 ? new[] { i - 3 } : []))]);
        var states = new string(
            [.. Enumerable.Range(0,
                count).Select(i => (i * 10 / count) switch { < 4 => 's', 4 => i % 2 == 0 ? 'f' : 's', 5 => 'r', _ => 'q' })]);
        var view = new RunProgressView(plan);
        view.Take(SampleRuns.Progress(plan, new string('r', count), 0));
        view.Take(SampleRuns.Progress(plan, states, 30));
        return (plan, view.Snapshot());
    }

    [Test]
    [MatrixDataSource]
    public async Task No_line_is_wider_than_the_terminal_and_there_are_no_more_lines_than_it_has(
        [Matrix(1, 5, 20, 40, 44, 80, 200)] int width, [Matrix(1, 2, 3, 8, 12, 24, 60)] int height, [Matrix(1, 3, 30, 300)] int orders)
    {
        var (plan, lines) = Many(orders);
        var frame = RunFrame.Of(plan, lines, SampleRuns.Start, SampleRuns.Start.AddSeconds(30), width, height, Plain);
        await Assert.That(frame.Count).IsLessThan(Math.Max(2, height));
        await Assert.That(frame.Select(TerminalWidth.Of).DefaultIfEmpty().Max()).IsLessThanOrEqualTo(Math.Max(4, width));
    }

    [Test]
    public async Task With_more_orders_than_rows_failures_and_running_orders_come_first_and_the_rest_is_counted_with_what_it_waits_for()
    {
        var (plan, lines) = Many(300);
        var frame = RunFrame.Of(plan, lines, SampleRuns.Start, SampleRuns.Start.AddSeconds(30), 80, 40, Plain);
        await Golden.ExpectAsync(string.Join('\n', frame), "frame-300");
        var text = string.Join('\n', frame);
        await Assert.That(text.IndexOf('✗', StringComparison.Ordinal)).IsLessThan(text.IndexOf('▶', StringComparison.Ordinal));
        await Assert.That(text)
            .Contains("queued: ready, no free place").And.Contains("queued: wait for dependencies").And.Contains("more running");
    }

    [Test]
    public async Task An_order_never_waits_for_one_that_is_done()
    {
        var plan = SampleRuns.Plan(("a", []), ("b", []), ("c", [1, 2]), ("d", [1]));
        var view = new RunProgressView(plan);
        view.Take(SampleRuns.Progress(plan, "srqq", 1));
        var rows = RunTable.Rows(plan, view.Snapshot(), SampleRuns.Start, 80, 20, Plain);
        await Assert.That(rows[2]).Contains("waits for b").And.DoesNotContain("a,");
        await Assert.That(rows[3]).Contains("waits for a free place");
    }

    [Test]
    public async Task A_skipped_order_names_what_failed_and_not_the_skipped_order_before_it()
    {
        var plan = SampleRuns.Plan(("cause", []), ("middle", [1]), ("last", [2]));
        var view = new RunProgressView(plan);
        var skip = SampleRuns.Ended(plan, 2, OrderAction.Skip, 2, FailureReason.DependencyFailed) with { ExitCode = null };
        view.Take(SampleRuns.Progress(plan, "fff", 2,
            SampleRuns.Ended(plan, 1, OrderAction.Fail, 2, "command_failed: exit code 3 of command 1 of 1"), skip,
            skip with { Num = OrderNum.At(2), Name = "last" }));
        var rows = RunTable.Rows(plan, view.Snapshot(), SampleRuns.Start, 80, 20, Plain);
        await Assert.That(rows[0]).EndsWith("exit 3");
        await Assert.That(rows[2]).Contains("skipped, because of cause");
        await Assert.That(RunFooter.Of(view.Snapshot(), TimeSpan.FromSeconds(2), 80, Plain))
            .IsEqualTo("100% · 3 of 3 done · 1 failed · 2 skipped · 2.0s");
    }

    [Test]
    [Arguments(200,
        "████████░░░░░░░░ · 50% · 150 of 300 done · 135 succeeded · 15 failed · 30 running · 120 queued · 30.0s · about 30s left")]
    [Arguments(44, "150 of 300 done · 15 failed · 30 running")]
    [Arguments(20, "150 of 300 done")]
    [Arguments(8, "50%")]
    [Arguments(2, "5…")]
    public async Task The_footer_leaves_out_what_matters_least(int width, string expected)
    {
        var (_, lines) = Many(300);
        var footer = RunFooter.Of(lines, TimeSpan.FromSeconds(30), width, Plain);
        await Assert.That(footer).IsEqualTo(expected);
    }

    [Test]
    [Arguments(44, 20)]
    [Arguments(20, 3)]
    [Arguments(80, 24)]
    public async Task Frames_are_drawn_over_each_other_and_leave_no_line_behind(int width, int height)
    {
        var plan = SampleRuns.Network;
        var clock = new FakeTimeProvider(SampleRuns.Start);
        using var output = new StringWriter();
        await using (var display = new LiveDisplay("network", new RunProgressView(plan), output, Plain, () => (width, height), clock))
        {
            display.Take(SampleRuns.Progress(plan, "rqqqqq", 0));
            for (var frame = 0; frame < 30; frame++)
            {
                clock.Advance(TimeSpan.FromMilliseconds(100));
            }
        }

        var screen = Screen.After(output.ToString().Replace("\n", "\r\n", StringComparison.Ordinal));
        await Assert.That(screen.Count(row => row.Contains(" done", StringComparison.Ordinal)))
            .IsEqualTo(1)
            .Because(string.Join('\n', screen));
        await Assert.That(screen.Max(TerminalWidth.Of)).IsLessThan(width);
    }

    [Test]
    [Arguments(3_600)]
    [Arguments(-3_600)]
    public async Task A_clock_that_is_set_bends_no_time_and_no_estimate(int bySeconds)
    {
        var clock = new JumpingClock();
        var plan = SampleRuns.Plan(("a", []), ("b", []), ("c", []), ("d", []));
        using var output = new StringWriter { NewLine = "\n" };
        await using (var display = new LiveDisplay("network", new RunProgressView(plan), output, Plain, () => (100, 30), clock))
        {
            display.Take(SampleRuns.Progress(plan, "rrrr", 0));
            clock.SetBy = TimeSpan.FromSeconds(bySeconds);
            clock.Advance(TimeSpan.FromSeconds(30));
            display.Take(SampleRuns.Progress(plan, "sssr", 30));
            clock.Advance(TimeSpan.FromMilliseconds(100));
        }

        var screen = Screen.After(output.ToString().Replace("\n", "\r\n", StringComparison.Ordinal));
        await Assert.That(screen.Single(row => row.Contains("▶ d", StringComparison.Ordinal))).Contains(" 30.1s");
        await Assert.That(screen.Single(row => row.Contains(" done", StringComparison.Ordinal))).Contains("30.1s · about 11s left");
    }

    [Test]
    public async Task A_terminal_that_became_narrower_is_drawn_over_as_it_wraps()
    {
        await Assert.That(RunFrame.HeightAt([79, 0, 40], 80, 24)).IsEqualTo(3);
        await Assert.That(RunFrame.HeightAt([79, 0, 40], 40, 24)).IsEqualTo(4);
        await Assert.That(RunFrame.HeightAt([79, 0, 40], 20, 3)).IsEqualTo(2);
    }
}
