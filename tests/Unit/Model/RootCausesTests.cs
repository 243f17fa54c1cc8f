using IacCi.Core.Model;
using IacCi.Core.Terminal;
using IacCi.Tests.Unit.Terminal;

namespace IacCi.Tests.Unit.Model;

/// <summary>Why an order was skipped: the orders that failed by themselves, in every view the same.</summary>
internal sealed class RootCausesTests
{
    private static OrderRecord Record(int number, string name, DisplayStatus shown, params int[] dependencies)
    {
        var (status, reason) = shown switch
        {
            DisplayStatus.Skipped => (OrderStatus.Failed, FailureReason.DependencyFailed),
            DisplayStatus.Failed => (OrderStatus.Failed, "command_failed: exit code 1"),
            DisplayStatus.TimedOut => (OrderStatus.TimedOut, "timeout"),
            _ => (OrderStatus.Succeeded, null),
        };
        return SampleRuns.Order(
            SampleRuns.Run().Job, number, name,
            status) with
        { FailureReason = reason, Dependencies = [.. dependencies.Select(d => OrderNum.At(d - 1))] };
    }

    private static string Of(RunView run, int number)
    {
        var causes = run.FindCauses();
        return run.Why(run.Orders.Single(order => order.Num.Value == number), causes);
    }

    private static RunView Run(params OrderRecord[] orders) => SampleRuns.Run() with { Orders = orders };

    [Test]
    public async Task A_skipped_order_names_what_failed_first_and_not_its_skipped_neighbour()
    {
        var run = Run(
            Record(1, "vpc", DisplayStatus.Failed), Record(2, "dns", DisplayStatus.TimedOut), Record(3, "fine", DisplayStatus.Succeeded),
            Record(4, "cluster", DisplayStatus.Skipped, 1, 3), Record(5, "apps", DisplayStatus.Skipped, 4, 2),
            Record(6, "last", DisplayStatus.Skipped, 5));
        await Assert.That(Of(run, 4)).IsEqualTo("skipped, because of vpc");
        await Assert.That(Of(run, 6)).IsEqualTo("skipped, because of vpc, dns");
        await Assert.That(Of(run, 1)).IsEqualTo("exit 1");
    }

    [Test]
    public async Task A_failure_that_was_allowed_is_no_cause()
    {
        var run = Run(
            Record(1, "soft", DisplayStatus.Failed) with { MustSucceed = false }, Record(2, "hard", DisplayStatus.Failed),
            Record(3, "x", DisplayStatus.Skipped, 1, 2));
        await Assert.That(Of(run, 3)).IsEqualTo("skipped, because of hard");
    }

    [Test]
    public async Task Many_causes_are_not_counted_wrongly()
    {
        var failed = Enumerable.Range(1, 10).Select(i => Record(i, $"f{i}", DisplayStatus.Failed));
        var run = Run([.. failed, Record(11, "x", DisplayStatus.Skipped, [.. Enumerable.Range(1, 10)])]);
        await Assert.That(Of(run, 11)).IsEqualTo("skipped, because of f1, f2, f3 and others");
    }

    [Test]
    public async Task A_chain_as_long_as_a_run_may_be_is_followed_to_its_beginning()
    {
        var chain = Enumerable.Range(2, OrderNum.MaxOrders - 1).Select(i => Record(i, $"o{i}", DisplayStatus.Skipped, i - 1));
        var run = Run([Record(1, "first", DisplayStatus.Failed), .. chain]);
        await Assert.That(Of(run, OrderNum.MaxOrders)).IsEqualTo("skipped, because of first");
    }

    [Test]
    public async Task Records_that_are_forgotten_do_not_hide_the_others()
    {
        var run = Run(Record(2, "known", DisplayStatus.Failed), Record(4, "x", DisplayStatus.Skipped, 1, 2));
        await Assert.That(Of(run, 4)).IsEqualTo("skipped, because of known");
        await Assert.That(Of(Run(Record(4, "x", DisplayStatus.Skipped, 9)), 4)).IsEqualTo("skipped: a dependency did not succeed");
    }

    [Test]
    public async Task Status_the_last_screen_and_json_say_it()
    {
        var run = Run(
            Record(1, "vpc", DisplayStatus.Failed), Record(2, "cluster", DisplayStatus.Skipped, 1),
            Record(3, "apps", DisplayStatus.Skipped, 2));
        var palette = new Palette(false);
        await Assert.That(
            RunText.Of(run, SampleRuns.Start, palette).Split('\n').Count(
                line => line.EndsWith("skipped, because of vpc", StringComparison.Ordinal)))
            .IsEqualTo(2);
        await Assert.That(RunEnding.Of(run, withOutput: false, "", 80, palette)).Contains("- 2 orders  skipped, because of vpc");
        await Assert.That(RunEnding.Of(run, withOutput: false, "", 20, palette)).Contains("- 2 orders  skipped, because of vpc");
        using var json = System.Text.Json.JsonDocument.Parse(run.ToJson());
        var apps = json.RootElement.GetProperty("orders")[2];
        await Assert.That(apps.GetProperty("root_causes")[0].GetProperty("order_name").GetString()).IsEqualTo("vpc");
        await Assert.That(apps.GetProperty("root_causes").GetArrayLength()).IsEqualTo(1);
        await Assert.That(json.RootElement.GetProperty("orders")[0].GetProperty("root_causes").GetArrayLength()).IsEqualTo(0);
    }
}
