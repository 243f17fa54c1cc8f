using System.Globalization;
using System.Text;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Reporting;

/// <summary>The dependency graph as mermaid, coloured by status.</summary>
internal static class OrderGraph
{
    /// <summary>More orders than this make a picture that nobody can read.</summary>
    internal const int MaxOrders = 40;

    /// <summary>More lines than this too.</summary>
    internal const int MaxEdges = 80;

    private const int MaxLabelChars = 32;

    // Each class brings its text colour along, so that it reads on a dark page as well.
    private static readonly (string Name, string Style)[] Classes =
    [
        ("failed", "fill:#ffebe9,stroke:#cf222e,color:#82071e,stroke-width:2px"),
        ("late", "fill:#fff1e5,stroke:#bc4c00,color:#762c00,stroke-width:2px"),
        ("cancelled", "fill:#eaeef2,stroke:#57606a,color:#24292f,stroke-width:2px"),
        ("tolerated", "fill:#fff8c5,stroke:#9a6700,color:#633c01"),
        ("running", "fill:#ddf4ff,stroke:#0969da,color:#0550ae,stroke-width:2px"),
        ("approval", "fill:#fbefff,stroke:#8250df,color:#6639ba,stroke-width:2px"),
        ("skipped", "fill:#f6f8fa,stroke:#8c959f,color:#57606a,stroke-dasharray:4 3"),
        ("queued", "fill:#f6f8fa,stroke:#8c959f,color:#424a53"),
        ("succeeded", "fill:#dafbe1,stroke:#1a7f37,color:#116329"),
    ];

    /// <summary>The graph; a sentence when it is too large to be read; nothing when no order depends on another.</summary>
    internal static string Render(RunReport run)
    {
        var edges = run.Orders.Sum(o => o.Plan.Dependencies.Count);
        if (edges == 0)
        {
            return "";
        }

        if (run.Orders.Count > MaxOrders || edges > MaxEdges)
        {
            return $"_The graph of {Plural.Of(run.Orders.Count, "order")} and " +
                $"{(edges == 1 ? "1 dependency" : $"{Plural.Number(edges)} dependencies")} "
                + "is left out here: too large to read._\n";
        }

        return Draw(run);
    }

    private static string Draw(RunReport run)
    {
        var text = new StringBuilder("```mermaid\nflowchart LR\n");
        foreach (var order in run.Orders)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"  {Node(order.Plan.Num)}([\"{StatusIcons.Icon(order)} " +
                    $"{SafeText.MermaidLabel(order.Plan.Name, MaxLabelChars)}\"]):::{ClassOf(order)}\n");
        }

        foreach (var order in run.Orders)
        {
            foreach (var dependency in order.Plan.Dependencies)
            {
                text.Append(CultureInfo.InvariantCulture, $"  {Node(dependency)} --> {Node(order.Plan.Num)}\n");
            }
        }

        var used = run.Orders.Select(ClassOf).ToHashSet();
        foreach (var (name, style) in Classes.Where(c => used.Contains(c.Name)))
        {
            text.Append(CultureInfo.InvariantCulture, $"  classDef {name} {style}\n");
        }

        return text.Append("```\n").ToString();
    }

    private static string Node(OrderNum num) => $"o{num}";

    private static string ClassOf(OrderReport order) => order.IsTolerated ? "tolerated" : order.Shown switch
    {
        DisplayStatus.TimedOut => "late",
        DisplayStatus.WaitingForApproval => "approval",
        var status => status.Key(),
    };
}
