using IacCi.Core.Jobs;
using IacCi.Core.Terminal;

namespace IacCi.Tests.Unit.Jobs;

internal sealed class ViewTests
{
    private static readonly JobGraph Graph = JobGraph.Of(JobSamples.Job("""
        orders:
          - {order_name: last, cmds: [x], timeout: 1, dependencies: [cluster, q]}
          - {order_name: vpc, cmds: [x], timeout: 1}
          - {order_name: subnets, cmds: [x], timeout: 1, dependencies: [vpc]}
          - {order_name: 'd"ns\ "]; <b>&lt;', queue_id: q, cmds: [x], timeout: 1}
          - {order_name: cluster, cmds: [x], timeout: 1, dependencies: [subnets]}
          - {cmds: [x], timeout: 1, dependencies: [vpc, q]}
        """));

    [Test]
    public async Task The_tree_has_each_order_once_behind_what_it_waits_for() => await Assert.That(GraphText.Render(Graph)).IsEqualTo("""
        vpc
          subnets
            cluster
        d"ns\ "]; <b>&lt;
          order-0006  after vpc, d"ns\ "]; <b>&lt;
          last  after cluster, d"ns\ "]; <b>&lt;

        """);

    [Test]
    public async Task Mermaid_gets_no_markup_out_of_a_name()
    {
        var lines = GraphMarkup.Mermaid(Graph).Split('\n');
        await Assert.That(lines[0]).IsEqualTo("graph TD");
        await Assert.That(lines).Contains("  o0004[\"d#34;ns#92; #34;#93;#59; #60;b#62;#38;lt#59;\"]");
        await Assert.That(lines).Contains("  o0005 --> o0001");
    }

    [Test]
    public async Task Dot_gets_no_markup_out_of_a_name()
    {
        var lines = GraphMarkup.Dot(Graph).Split('\n');
        await Assert.That(lines).Contains("  o0004 [label=\"d\\\"ns\\\\ \\\"]; <b>&amp;lt;\"];");
        await Assert.That(lines).Contains("  o0002 -> o0003;");
        await Assert.That(lines[^2]).IsEqualTo("}");
    }

    [Test]
    [Category("Slow")]
    public async Task A_diagram_that_GitHub_does_not_draw_says_so()
    {
        await Assert.That(GraphMarkup.MermaidNote(Graph, GraphMarkup.Mermaid(Graph))).IsNull();
        await Assert.That(NoteOf(250)).IsNull();
        await Assert.That(NoteOf(251)).Contains("502 edges").And.Contains("GitHub draws at most 500 and 50,000");
        var longNames = Enumerable.Range(0, 400).Select(i => $"{{order_name: a{i}{new string('x', 120)}, cmds: [x], timeout: 1}}");
        await Assert.That(Note(longNames)).Contains("0 edges and ").And.Contains("--format dot");

        // A chain, with a second edge to its first order from each of the others, and one more.
        static string? NoteOf(int orders) => Note(Enumerable.Range(0, orders + 1)
            .Select(i => i switch { 0 => "", 1 => "a0", _ => $"a{i - 1}, a0" })
            .Select((dependencies, i) => $"{{order_name: a{i}, cmds: [x], timeout: 1, dependencies: [{dependencies}]}}")
            .Append("{order_name: z, cmds: [x], timeout: 1, dependencies: [a0]}"));

        static string? Note(IEnumerable<string> orders)
        {
            var graph = JobGraph.Of(JobSamples.Job($"orders: [{string.Join(", ", orders)}]"));
            return GraphMarkup.MermaidNote(graph, GraphMarkup.Mermaid(graph));
        }
    }

    [Test]
    public async Task A_reading_is_a_line_or_an_object()
    {
        var good = JobSamples.Reading(JobSamples.One());
        await Assert.That(ReadingText.Plain(good, "job.json")).IsEqualTo("job.json: valid: 1 order");
        await Assert.That(ReadingText.Json(good)).IsEqualTo("""{"valid":true,"orders":1,"errors":[],"warnings":[]}""");
        var bad = JobSamples.Reading("{\n\"orders\": 1}");
        await Assert.That(ReadingText.Plain(bad, "job.json")).IsEqualTo("job.json:2: orders: must be a list of orders; found the number 1");
        await Assert.That(ReadingText.Json(bad))
            .IsEqualTo(
                """{"valid":false,"errors":[{"path":"orders","line":2,"column":11,"message":"must be a list of orders; found the number 1"}],"warnings":[]}""");
    }
}
