using System.Text;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Reporting;
using IacCi.Core.Text;

namespace IacCi.Core.Terminal;

/// <summary>The graph for programs that draw. Nodes are called by their numbers, and names appear in quoted labels only.</summary>
internal static class GraphMarkup
{
    /// <summary>
    /// What mermaid draws without other settings (https://mermaid.js.org/config/schema-docs/config.html: maxEdges, maxTextSize), as GitHub
    /// has it.
    /// </summary>
    private const int MaxMermaidEdges = 500;

    private const int MaxMermaidChars = 50_000;
    private const int MaxLabelChars = 200;

    /// <summary>
    /// Mermaid (https://mermaid.js.org/syntax/flowchart.html): in labels, what could end or format them is written as an entity code.
    /// </summary>
    public static string Mermaid(JobGraph graph) =>
        "graph TD\n" + Render(
            graph, (num, name) => $"  o{num}[\"{SafeText.MermaidLabel(name, MaxLabelChars)}\"]\n", (from, to) => $"  o{from} --> o{to}\n");

    /// <summary>
    /// Graphviz (https://graphviz.org/doc/info/lang.html): in a quoted text, quotes and backslashes are escaped; ampersands would begin an
    /// entity.
    /// </summary>
    public static string Dot(JobGraph graph) =>
        "digraph job {\n" + Render(
            graph, (num, name) => $"  o{num} [label=\"{DotLabel(name)}\"];\n", (from, to) => $"  o{from} -> o{to};\n") + "}\n";

    /// <summary>One object: <c>orders</c>, each with <c>order_num</c>, <c>order_name</c> and <c>dependencies</c> (numbers).</summary>
    public static string Json(JobGraph graph) => JsonText.ObjectText(json =>
    {
        json.WriteStartArray("orders");
        foreach (var num in graph.InOrder)
        {
            json.WriteStartObject();
            json.WriteString("order_num", num.ToString());
            json.WriteString("order_name", graph.NameOf(num));
            json.WriteStartArray("dependencies");
            foreach (var dependency in graph.Dependencies[num.Index])
            {
                json.WriteStringValue(dependency.ToString());
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }) + "\n";

    private static string Render(JobGraph graph, Func<OrderNum, string, string> node, Func<OrderNum, OrderNum, string> edge)
    {
        var text = new StringBuilder();
        foreach (var num in graph.InOrder)
        {
            text.Append(node(num, graph.NameOf(num)));
        }

        foreach (var num in graph.InOrder)
        {
            foreach (var dependency in graph.Dependencies[num.Index])
            {
                text.Append(edge(dependency, num));
            }
        }

        return text.ToString();
    }

    /// <summary>Why GitHub would not draw a diagram; null when it would.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="mermaid">The diagram.</param>
    public static string? MermaidNote(JobGraph graph, string mermaid)
    {
        var edges = graph.Dependencies.Sum(list => list.Count);
        return edges > MaxMermaidEdges || mermaid.Length > MaxMermaidChars
            ? $"this diagram has {edges:N0} edges and {mermaid.Length:N0} characters; GitHub draws at most {MaxMermaidEdges:N0} and " +
                $"{MaxMermaidChars:N0}."
                + " Use --format dot with Graphviz, or raise maxEdges and maxTextSize where you draw it."
            : null;
    }

    /// <summary>Graphviz knows HTML's entities in labels (https://graphviz.org/doc/info/shapes.html#html, "character entities").</summary>
    private static string DotLabel(string name) => name.Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
}
