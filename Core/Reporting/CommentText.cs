using System.Text;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Reporting;

/// <summary>
/// The comment about a run, as GitHub's markdown: state and progress, a table, the output of what failed (unfolded), the
/// graph, the other outputs (folded). A pure function of the snapshot.
/// </summary>
internal static class CommentText
{
    /// <summary>GitHub's bound on a comment, in characters; counted here as UTF-16 code units, which are never fewer.</summary>
    public const int MaxChars = 65_536;

    /// <summary>The most characters of the last line; the tag and the flow id are the job's own words.</summary>
    public const int MaxLastLineChars = 2_048;

    /// <summary>The most characters that the output of failed orders takes while there is anything else to show.</summary>
    private const int MaxFailureChars = 40_000;

    /// <summary>How many folded outputs stand below one another.</summary>
    private const int MaxLooseLogs = 10;

    /// <summary>
    /// The whole comment. Its last line is <see cref="LastLine"/> as small code. What does not fit is left out, with a sentence that says
    /// so: outputs of what succeeded first, of what failed last.
    /// </summary>
    public static string Render(RunReport run)
    {
        // What the comment is found by is small, and code: so a run id made of digits refers to no issue, and a tag mentions nobody, while
        // each letter stays what is searched for.
        var end = $"\n<sub>{SafeText.CodeSpan(LastLine(run))}</sub>";
        return Body(run, MaxChars - end.Length) + end;
    }

    /// <summary>The same without the last line, for a page that other programs add to (<c>GITHUB_STEP_SUMMARY</c>).</summary>
    public static string RenderSummary(RunReport run) => Body(run, MaxChars);

    /// <summary>What the comment of a run is found by: <c>###&lt;tag&gt;### #&lt;run_id&gt; #&lt;flow_id&gt;</c>.</summary>
    /// <exception cref="ArgumentException">The tag or the flow id has a line break, or they are too long. (Intake refuses such a
    /// job.)</exception>
    public static string LastLine(RunReport run)
    {
        var line = $"###{run.SearchTag}### #{run.RunId} #{run.FlowId}";
        return line.Length <= MaxLastLineChars && !line.Any(char.IsControl)
            ? line
            : throw new ArgumentException(
                $"the comment's last line has to be one line of at most {MaxLastLineChars} characters", nameof(run));
    }

    private static string Body(RunReport run, int maxChars)
    {
        run = run with { Causes = RootCauses.Of([.. run.Orders.Select(o => o.Plan)], index => run.Orders[index].Shown) };
        var text = new StringBuilder(Headline.Render(run)).Append('\n');
        Section(text, OrderTable.Open(run));

        var failed = Finished(run).Where(o => o.Shown.IsFailure()).OrderBy(StatusIcons.Rank).ThenBy(o => o.Plan.Num).ToList();
        var (failures, isCut) = LogBlocks.Render(run, failed, open: true, Math.Min(MaxFailureChars, maxChars - text.Length - 1));
        Section(text, failures);

        var graph = OrderGraph.Render(run);
        Section(text, text.Length + graph.Length + 1_000 <= maxChars ? graph : "_The graph is left out here._\n");

        var others = Finished(run).Where(o => o.Shown == DisplayStatus.Succeeded && !string.IsNullOrWhiteSpace(o.LogTail)).ToList();
        var room = maxChars - text.Length - 200;
        Section(text, OrderTable.Folded(run, others.Count > 0 && !isCut ? room / 2 : room));

        // Of what succeeded nothing is shown while something of what failed is not.
        Section(text, isCut
            ? others.Count > 0 ? LogBlocks.LeftOut(others.Count) : ""
            : Succeeded(run, others, maxChars - text.Length - 1));
        return text.ToString().TrimEnd('\n') + "\n";
    }

    /// <summary>A few outputs stand by themselves; many would bury the page, so they share one more fold.</summary>
    private static string Succeeded(RunReport run, List<OrderReport> orders, int maxChars)
    {
        if (orders.Count <= MaxLooseLogs)
        {
            return LogBlocks.Render(run, orders, open: false, maxChars).Text;
        }

        var head = $"<details>\n<summary>✅ The output of {Plural.Number(orders.Count)} orders that succeeded</summary>\n\n";
        const string end = "\n</details>\n";
        return head + LogBlocks.Render(run, orders, open: false, maxChars - head.Length - end.Length).Text + end;
    }

    private static void Section(StringBuilder text, string section)
    {
        if (section.Length > 0)
        {
            text.Append(section.TrimEnd('\n')).Append("\n\n");
        }
    }

    private static IEnumerable<OrderReport> Finished(RunReport run) =>
        run.Orders.Where(o => o.Shown.IsDone() && !HasNeverRun(o));

    /// <summary>Such an order has nothing to show: its row says why.</summary>
    private static bool HasNeverRun(OrderReport order) =>
        order is { StartedAt: null, ExitCode: null } && order.Shown is DisplayStatus.Skipped or DisplayStatus.Cancelled
            or DisplayStatus.TimedOut
        && string.IsNullOrEmpty(order.LogTail);
}
