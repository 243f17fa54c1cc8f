using IacCi.Core.Model;
using IacCi.Core.Terminal;
using IacCi.Core.Text;
using Microsoft.Extensions.Time.Testing;

namespace IacCi.Tests.Unit.Terminal;

internal sealed class RunViewTests
{
    private static readonly Palette Plain = new(false), Colours = new(true);

    private static string Table(int width, int height, Palette palette)
    {
        var lines = SampleRuns.NetworkUnderWay();
        var now = SampleRuns.Start.AddSeconds(76);
        string[] rows =
        [
            RunTable.Headline("network", SampleRuns.Network, palette), "",
            .. RunTable.Rows(SampleRuns.Network, lines, now, width, height, palette), "",
            RunFooter.Of(lines, TimeSpan.FromSeconds(76), width, palette),
        ];
        return string.Join('\n', rows);
    }

    [Test]
    [Arguments(100, 20, "table")]
    [Arguments(60, 20, "table-narrow")]
    [Arguments(100, 4, "table-short")]
    public async Task The_table_reads_as_the_golden_file(int width, int height, string name) =>
        await Golden.ExpectAsync(Table(width, height, Plain), name);

    [Test]
    public async Task Colours_change_nothing_but_colours()
    {
        var coloured = Table(100, 20, Colours);
        await Assert.That(coloured).Contains("\e[32m✓\e[0m");
        await Assert.That(string.Join('\n', coloured.Split('\n').Select(TerminalText.Clean))).IsEqualTo(Table(100, 20, Plain));
    }

    [Test]
    [Arguments(40)]
    [Arguments(61)]
    [Arguments(80)]
    [Arguments(200)]
    public async Task No_row_is_wider_than_the_terminal(int width)
    {
        var rows = RunTable.Rows(SampleRuns.Network, SampleRuns.NetworkUnderWay(), SampleRuns.Start, width, 20, Plain);
        await Assert.That(rows.Max(TerminalWidth.Of)).IsLessThanOrEqualTo(width);
    }

    [Test]
    [Arguments(2)]
    [Arguments(3)]
    [Arguments(10)]
    [Arguments(999)]
    public async Task There_are_no_more_rows_than_the_terminal_has_and_what_runs_is_among_them(int height)
    {
        var plan = SampleRuns.Plan([.. Enumerable.Range(1, 500).Select(i => ($"o{i}", Array.Empty<int>()))]);
        var view = new RunProgressView(plan);
        view.Take(SampleRuns.Progress(plan, new string('s', 400) + "rr" + new string('q', 98), 1));
        var rows = RunTable.Rows(plan, view.Snapshot(), SampleRuns.Start, 80, height, Plain);
        await Assert.That(rows.Count).IsLessThanOrEqualTo(Math.Min(500, height));
        await Assert.That(
            rows.Any(row => row.Contains("o401", StringComparison.Ordinal))
                && rows.Any(row => row.Contains("o402", StringComparison.Ordinal)))
            .IsTrue();
    }

    [Test]
    public async Task A_run_as_text_reads_as_the_golden_file() =>
        await Golden.ExpectAsync(RunText.Of(SampleRuns.Run(), SampleRuns.Start.AddSeconds(100), Plain), "status");

    [Test]
    public async Task Plain_lines_read_as_the_golden_file()
    {
        using var output = new StringWriter { NewLine = "\n" };
        await using (var display = new PlainDisplay("network", SampleRuns.Network, output, Plain, new FakeTimeProvider(SampleRuns.Start)))
        {
            var log = string.Concat(Enumerable.Range(1, 30).Select(i => $"line {i}\n")) + "\e[31mError\e[0m: no such zone\e]0;title\a\n";
            display.Take(SampleRuns.Progress(SampleRuns.Network, "rqqqqq", 0));
            display.Take(OrderNum.At(0), "not shown");
            display.Take(
                SampleRuns.Progress(
                    SampleRuns.Network, "srqrqq", 3.2,
                    SampleRuns.Ended(SampleRuns.Network, 1, OrderAction.Succeed, 3.2, log: "not shown")));
            display.Take(
                SampleRuns.Progress(
                    SampleRuns.Network, "sffqqq", 9,
                    SampleRuns.Ended(SampleRuns.Network, 2, OrderAction.Fail, 9, "command_failed: exit code 4", log),
                    SampleRuns.Ended(SampleRuns.Network, 3, OrderAction.Skip, 9, FailureReason.DependencyFailed) with { ExitCode = null }));
        }

        await Golden.ExpectAsync(output.ToString().TrimEnd('\n'), "plain");
    }

    [Test]
    [Arguments("plain", "plain")]
    [Arguments("\e[1;31mred\e[0m", "red")]
    [Arguments("a\e]0;title\ab", "ab")]
    [Arguments("a\e]52;c;aGk=\e\\b", "ab")]
    [Arguments("a\e]never ends", "a")]
    [Arguments("tab\there\r\n\0\u009b", "tab here")]
    [Arguments("turn\u202Eed", "turned")]
    [Arguments("\e", "")]
    [Arguments("\e[", "")]
    public async Task Text_is_made_safe_for_a_line(string text, string clean) =>
        await Assert.That(TerminalText.Clean(text)).IsEqualTo(clean);

    [Test]
    [Arguments("abc", 3, "abc")]
    [Arguments("abcd", 3, "ab…")]
    [Arguments("日本語", 6, "日本語")]
    [Arguments("日本語", 5, "日本…")]
    [Arguments("日本語", 4, "日…")]
    [Arguments("😀😀", 3, "😀…")]
    [Arguments("e\u0301e\u0301", 2, "e\u0301e\u0301")]
    [Arguments("✅⚡⭐❌🟩", 10, "✅⚡⭐❌🟩")]
    [Arguments("✅⚡⭐❌🟩", 9, "✅⚡⭐❌…")]
    [Arguments("❤\uFE0Fab", 4, "❤\uFE0Fab")]
    [Arguments("❤\uFE0Fab", 3, "❤\uFE0F…")]
    [Arguments("👩\u200D👩\u200D👧x", 3, "👩\u200D👩\u200D👧x")]
    [Arguments("abc", 0, "")]
    public async Task Text_is_fitted_by_the_cells_it_takes(string text, int width, string fitted) =>
        await Assert.That(TerminalWidth.Fit(text, width)).IsEqualTo(fitted);
}
