using System.Globalization;
using System.Text;
using System.Text.Json;
using IacCi.Core.Runs;

namespace IacCi.Core.Jobs.Views;

/// <summary>The graph for programs that draw. Nodes are called by their numbers, and names appear in quoted labels only.</summary>
internal static class GraphMarkup
{
    /// <summary>Mermaid (https://mermaid.js.org/syntax/flowchart.html): in labels, what could end or format them is written as an entity code.</summary>
    public static string Mermaid(JobGraph graph) =>
        "graph TD\n" + Render(graph, (num, name) => $"  o{num}[\"{MermaidLabel(name)}\"]\n", (from, to) => $"  o{from} --> o{to}\n");

    /// <summary>Graphviz (https://graphviz.org/doc/info/lang.html): in a quoted text, quotes and backslashes are escaped.</summary>
    public static string Dot(JobGraph graph) =>
        "digraph job {\n" + Render(graph, (num, name) => $"  o{num} [label=\"{DotLabel(name)}\"];\n", (from, to) => $"  o{from} -> o{to};\n") + "}\n";

    /// <summary>One object: <c>orders</c>, each with <c>order_num</c>, <c>order_name</c> and <c>dependencies</c> (numbers).</summary>
    public static string Json(JobGraph graph)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
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
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length) + "\n";
    }

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

    private static string DotLabel(string name) => name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);

    private static string MermaidLabel(string name)
    {
        var label = new StringBuilder();
        foreach (var rune in name.EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune) || " -_./:,".Contains(rune.ToString(), StringComparison.Ordinal))
            {
                label.Append(rune.ToString());
            }
            else
            {
                label.Append(CultureInfo.InvariantCulture, $"#{rune.Value};");
            }
        }

        return label.ToString();
    }
}
