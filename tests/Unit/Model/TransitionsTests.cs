using System.Text.RegularExpressions;
using IacCi.Core.Model;

namespace IacCi.Tests.Unit.Model;

/// <summary>Holds the tables against the pictures of docs/correctness.md, both ways: neither has an arrow that the other lacks.</summary>
internal sealed partial class TransitionsTests
{
    /// <summary>What each arrow of an order's picture says, and the action that it stands for.</summary>
    private static readonly Dictionary<string, OrderAction[]> Labels = new()
    {
        ["intent written (dependencies settled)"] = [OrderAction.Dispatch],
        ["watchdog and worker started"] = [OrderAction.Start],
        ["dependency failed, or cancelled"] = [OrderAction.Skip],
        ["job deadline"] = [OrderAction.Expire],
        ["first result"] = [OrderAction.Succeed, OrderAction.Fail, OrderAction.TimeOut],
    };

    [Test]
    public async Task The_table_of_an_order_is_its_picture()
    {
        var drawn = ArrowsOf("## An order").Where(arrow => arrow is { From: not "[*]", To: not "[*]" }).SelectMany(arrow =>
            Labels[arrow.Label].Select(action => (arrow.From, Action: action, arrow.To)).Where(row => Leads(row.Action, row.To)));
        var written =
            from status in Enum.GetValues<OrderStatus>()
            from action in Enum.GetValues<OrderAction>()
            let next = Transitions.Next(status, action)
            where next is not null
            select (status.Word(), action, next.Value.Word());
        await Assert.That(Lines(written)).IsEqualTo(Lines(drawn));
    }

    [Test]
    public async Task An_order_begins_queued_and_ends_where_no_arrow_leaves()
    {
        var arrows = ArrowsOf("## An order");
        await Assert.That(arrows.Where(arrow => arrow.From == "[*]").Select(arrow => arrow.To)).IsEquivalentTo(["queued"]);
        await Assert.That(arrows.Where(arrow => arrow.To == "[*]").Select(arrow => arrow.From))
            .IsEquivalentTo(Enum.GetValues<OrderStatus>().Where(status => status.IsTerminal()).Select(status => status.Word()));
        foreach (var action in Enum.GetValues<OrderAction>())
        {
            await Assert.That(Transitions.From(action)).IsEquivalentTo(
                Enum.GetValues<OrderStatus>().Where(status => Transitions.Next(status, action) is not null));
            await Assert.That(Transitions.From(action).All(from => Transitions.Next(from, action) == Transitions.Target(action))).IsTrue();
        }
    }

    [Test]
    public async Task The_table_of_a_job_is_its_picture()
    {
        var drawn = ArrowsOf("## A job").Where(arrow => arrow.From != "[*]").Select(arrow => $"{arrow.From} -> {arrow.To}");
        var written =
            from status in Enum.GetValues<JobStatus>()
            from next in Enum.GetValues<JobStatus>()
            where JobTransitions.Allows(status, next)
            select $"{status.Word()} -> {next.Word()}";
        await Assert.That(string.Join('\n', written.Order())).IsEqualTo(string.Join('\n', drawn.Order()));
        await Assert.That(ArrowsOf("## A job").Where(arrow => arrow.From == "[*]").Select(arrow => arrow.To)).IsEquivalentTo(["preparing"]);
    }

    /// <summary>Of the three actions that "first result" stands for, the one that an arrow's end names.</summary>
    private static bool Leads(OrderAction action, string to) => action switch
    {
        OrderAction.Succeed => to == "succeeded",
        OrderAction.Fail => to == "failed",
        OrderAction.TimeOut => to == "timed_out",
        _ => true,
    };

    private static string Lines(IEnumerable<(string From, OrderAction Action, string To)> rows) =>
        string.Join('\n', rows.Select(row => $"{row.From} {row.Action} {row.To}").Order());

    /// <summary>The arrows of the first picture below a heading.</summary>
    private static List<(string From, string To, string Label)> ArrowsOf(string heading)
    {
        var text = File.ReadAllText(Path.Join(Repository.Root, "docs", "correctness.md"));
        var picture = text[text.IndexOf($"\n{heading}\n", StringComparison.Ordinal)..]
            .Split("```mermaid\nstateDiagram-v2\n")[1]
            .Split("```")[0];
        return picture.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => Arrow().Match(line)).Select(found => found.Success
            ? (found.Groups[1].Value, found.Groups[2].Value, found.Groups[3].Value)
            : throw new FormatException($"the picture below '{heading}' has a line that is no arrow")).ToList();
    }

    [GeneratedRegex(@"^ +(\S+) --> ([^\s:]+)(?:: (.+))?$")]
    private static partial Regex Arrow();
}
