using System.Text;
using IacCi.Core.Model;
using IacCi.Core.Terminal;

namespace IacCi.Tests.Unit.Terminal;

/// <summary>The output of several orders as it comes: lines of live logs, cut and named.</summary>
internal sealed class FollowTests : IDisposable
{
    private static readonly RunId Run = RunId.Parse("run-1");

    private readonly string folder = Directory.CreateTempSubdirectory("iac-ci-follow-").FullName;
    private readonly List<string> lines = [];
    private readonly Dictionary<OrderNum, string> results = [];

    private OrderTails Tails() =>
        new(Run, folder, (num, _) => ValueTask.FromResult(results.GetValueOrDefault(num)), (num, line) => lines.Add($"{num.Value}|{line}"));

    private void Append(int num, string text)
    {
        Directory.CreateDirectory(Path.Combine(folder, Run.Value));
        File.AppendAllText(LiveLogFile.PathOf(folder, Run, new OrderNum(num)), text);
    }

    [Test]
    public async Task Lines_of_several_orders_come_as_they_are_written_whole_and_once()
    {
        using var tails = Tails();
        Append(1, "one\ntw");
        Append(2, "eins\n");
        tails.ShowNews();
        Append(1, "o\n10%\r20%\r\n");
        tails.ShowNews();
        tails.ShowNews();
        await Assert.That(lines).IsEquivalentTo(["1|one", "2|eins", "1|two", "1|20%"]);
    }

    [Test]
    public async Task What_is_left_comes_with_the_end_and_an_order_that_was_never_seen_comes_whole()
    {
        using var tails = Tails();
        Append(1, "one\n");
        tails.ShowNews();
        Append(1, "two");
        File.Delete(LiveLogFile.PathOf(folder, Run, new OrderNum(1)));
        (results[new OrderNum(1)], results[new OrderNum(2)]) = ("one\ntwo", "all\nof it");
        await Assert.That(await tails.FinishAsync(new OrderNum(1), default)).IsTrue();
        await Assert.That(await tails.FinishAsync(new OrderNum(2), default)).IsTrue();
        await Assert.That(await tails.FinishAsync(new OrderNum(2), default)).IsTrue();
        await Assert.That(await tails.FinishAsync(new OrderNum(3), default)).IsFalse();
        await Assert.That(lines).IsEquivalentTo(["1|one", "1|two", "2|all", "2|of it"]);
    }

    [Test]
    public async Task A_line_without_an_end_does_not_grow_without_bound()
    {
        using var stream = new LineStream(lines.Add);
        stream.Write(Encoding.UTF8.GetBytes(new string('x', 300_000)));
        stream.Finish();
        await Assert.That(lines.Count).IsEqualTo(5);
        await Assert.That(lines.Sum(line => line.Length)).IsEqualTo(300_000);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
