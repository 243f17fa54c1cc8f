using System.Diagnostics;
using System.Text.RegularExpressions;

namespace IacCi.Tests.EndToEnd.Local;

/// <summary>
/// What has to be on the disk before a command starts, seen from outside: the program's own calls of the system, in their order.
/// </summary>
internal sealed partial class PowerLossTests
{
    private const int Orders = 20;

    /// <summary>
    /// Each order of a chain starts because of the result before it. Between that result and the order's claim, the log of the state file
    /// is written (what follows from the result) and flushed; the commands start after the claim.
    /// </summary>
    [Test]
    public async Task What_an_order_starts_because_of_is_flushed_before_its_commands_start()
    {
        using var tracing = Process.Start(new ProcessStartInfo("strace", ["-o", "/dev/null", "true"]) { RedirectStandardError = true })!;
        await tracing.WaitForExitAsync();
        Skip.When(tracing.ExitCode != 0, "this machine does not let a program trace another");

        using var place = new LocalFixture().WithOrders(Enumerable.Range(1, Orders).Select(i =>
        {
            var order = LocalFixture.Order($"o{i}", $"echo o{i} >> $OUT");
            order["dependencies"] = i == 1 ? [] : new System.Text.Json.Nodes.JsonArray($"o{i - 1}");
            return order;
        }));
        var ended = await place.TraceAsync(
            place["calls"], "fdatasync,pwrite64,link,renameat2,execve", "run", "job.json", "--run-id", place.Name, "-o", "json");
        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.ToString());

        var calls = Whole(File.ReadAllLines(place["calls"]));
        var claims = Enumerable.Range(1, Orders)
            .Select(i => calls.FindIndex(call => (call.StartsWith("link(", StringComparison.Ordinal) || call.StartsWith("renameat2(",
                StringComparison.Ordinal)) && call.Contains($"/claims/{place.Name}/{i:D4}\"",
                StringComparison.Ordinal)))
            .ToList();
        var results = Enumerable.Range(1, Orders)
            .Select(i => calls.FindIndex(call => call.StartsWith("renameat2(",
                StringComparison.Ordinal) && call.Contains($"/{i:D4}/result.json\"", StringComparison.Ordinal)))
            .ToList();
        var starts = Enumerable.Range(1, Orders)
            .Select(i => calls.FindIndex(call => call.StartsWith("execve(", StringComparison.Ordinal) && call.Contains($"echo o{i} ",
                StringComparison.Ordinal)))
            .ToList();
        for (var i = 0; i < Orders; i++)
        {
            await Assert.That(claims[i]).IsGreaterThan(0);
            await Assert.That(starts[i]).IsGreaterThan(claims[i]).Because($"order {i + 1} is claimed before it starts");
            if (i > 0)
            {
                var between = calls[results[i - 1]..claims[i]];
                var write = between.FindIndex(call => call.StartsWith("pwrite64(", StringComparison.Ordinal));
                var flush = between.FindLastIndex(call => call.StartsWith("fdatasync(", StringComparison.Ordinal));
                await Assert.That(write >= 0 && flush > write).IsTrue().Because($"order {i + 1}:\n{string.Join('\n', between)}");
            }
        }
    }

    /// <summary>
    /// The calls in the order in which they ended; one that another thread's call interrupts in the listing stands in two lines.
    /// </summary>
    private static List<string> Whole(IEnumerable<string> lines)
    {
        var begun = new Dictionary<string, string>(StringComparer.Ordinal);
        var calls = new List<string>();
        foreach (var line in lines)
        {
            var (thread, text) = Line().Match(line) is { Success: true } match
                ? (match.Groups[1].Value, match.Groups[2].Value)
                : ("", line);
            if (text.EndsWith("<unfinished ...>", StringComparison.Ordinal))
            {
                begun[thread] = text;
            }
            else if (text.StartsWith("<... ", StringComparison.Ordinal))
            {
                calls.Add(begun.GetValueOrDefault(thread, "") + text);
            }
            else
            {
                calls.Add(text);
            }
        }

        return calls;
    }

    [GeneratedRegex(@"^(\d+)\s+(.*)$")]
    private static partial Regex Line();
}
