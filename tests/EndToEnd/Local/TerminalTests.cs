using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace IacCi.Tests.EndToEnd.Local;

/// <summary>What a person sees: the program on a terminal (a pseudo-terminal of script(1)).</summary>
internal sealed partial class TerminalTests
{
    private static LocalFixture Three()
    {
        var third = LocalFixture.Order("third", "echo out of third; exit 3");
        third["dependencies"] = new JsonArray("second");
        return new LocalFixture().WithOrders(
            LocalFixture.Order("first", "true"), LocalFixture.Order("second", "echo at work; sleep 0.7"), third);
    }

    private static async Task<(int ExitCode, string Output)> OnTerminalAsync(
        LocalFixture place, string terminal, bool colours, params IEnumerable<string> arguments)
    {
        var command = $"stty cols 80 rows 20; exec {Binary.Require()} {string.Join(' ', arguments)}";
        var info = new ProcessStartInfo("script", ["-qfec", command, "/dev/null"]) { WorkingDirectory = place.Path };
        (info.Environment["TERM"], info.Environment["NO_COLOR"]) = (terminal, colours ? "" : "1");
        using var process = new Started(info, null);
        var ended = await process.EndAsync();
        return (ended.ExitCode, ended.Output);
    }

    [Test]
    public async Task A_live_table_is_kept_up_to_date_and_its_last_frame_stays()
    {
        using var place = Three();
        var (code, output) = await OnTerminalAsync(place, "xterm-256color", colours: true, "run", "job.json", "--run-id", "seen");
        await Assert.That(code).IsEqualTo(1);
        await Assert.That(output).Contains("▶").And.Contains("waits for second").And.Contains("at work").And.Contains("\e[36m");
        var screen = Screen.After(output);
        var shown = string.Join('\n', screen);
        foreach (var (mark, name) in new[] { ("✓", "first"), ("✓", "second"), ("✗", "third") })
        {
            await Assert.That(screen.Count(row => row.StartsWith($"  {mark} {name}", StringComparison.Ordinal)))
                .IsEqualTo(1)
                .Because(shown);
        }

        await Assert.That(screen[0]).Contains("job · 3 orders · run seen");
        await Assert.That(shown).Contains("3 of 3 done · 2 succeeded · 1 failed").And.Contains("| out of third").And.DoesNotContain("▶");
        await Assert.That(screen.Last(row => row.Length > 0)).StartsWith("run seen failed");
        await Assert.That(screen.Max(row => row.Length)).IsLessThanOrEqualTo(80);
    }

    [Test]
    public async Task No_colours_are_used_where_none_are_wanted()
    {
        using var place = Three();
        var (_, output) = await OnTerminalAsync(place, "xterm", colours: false, "run", "job.json");
        await Assert.That(Colour().IsMatch(output)).IsFalse();
        await Assert.That(output).Contains("\e[K");
    }

    [Test]
    public async Task A_terminal_that_can_do_nothing_gets_plain_lines()
    {
        using var place = Three();
        var (_, output) = await OnTerminalAsync(place, "dumb", colours: true, "run", "job.json");
        await Assert.That(output).DoesNotContain("\e").And.Contains("✓ second").And.Contains("✗ third");
    }

    [Test]
    public async Task More_orders_than_rows_fit_on_the_screen()
    {
        using var place = new LocalFixture().WithOrders(
            Enumerable.Range(1, 60).Select(i => LocalFixture.Order($"o{i}", i == 30 ? "sleep 0.5" : "true")));
        var (code, output) = await OnTerminalAsync(place, "xterm", colours: true, "run", "job.json", "--parallel", "4");
        await Assert.That(code).IsEqualTo(0);
        var screen = Screen.After(output);
        await Assert.That(screen.Count).IsLessThanOrEqualTo(20).Because(string.Join('\n', screen));
        await Assert.That(
            screen.Any(row => row.Contains("60 succeeded", StringComparison.Ordinal))
                && screen.Any(row => row.Contains("60 of 60 done", StringComparison.Ordinal)))
            .IsTrue();
    }

    [GeneratedRegex("\e\\[[0-9;]*m")]
    private static partial Regex Colour();
}
