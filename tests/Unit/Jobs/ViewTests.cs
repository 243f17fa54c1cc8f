using IacCi.Core.Jobs;
using IacCi.Core.Jobs.Views;

namespace IacCi.Tests.Unit.Jobs;

internal sealed class ViewTests
{
    private static readonly JobGraph Graph = JobGraph.Of(Given.Job("""
        orders:
          - {order_name: last, cmds: [x], timeout: 1, dependencies: [cluster, q]}
          - {order_name: vpc, cmds: [x], timeout: 1}
          - {order_name: subnets, cmds: [x], timeout: 1, dependencies: [vpc]}
          - {order_name: 'd"ns\ "]; <b>', queue_id: q, cmds: [x], timeout: 1}
          - {order_name: cluster, cmds: [x], timeout: 1, dependencies: [subnets]}
          - {cmds: [x], timeout: 1, dependencies: [vpc, q]}
        """));

    [Test]
    public async Task The_tree_has_each_order_once_behind_what_it_waits_for() => await Assert.That(GraphText.Render(Graph)).IsEqualTo("""
        vpc
          subnets
            cluster
        d"ns\ "]; <b>
          order-0006  after vpc, d"ns\ "]; <b>
          last  after cluster, d"ns\ "]; <b>

        """);

    [Test]
    public async Task Mermaid_gets_no_markup_out_of_a_name()
    {
        var lines = GraphMarkup.Mermaid(Graph).Split('\n');
        await Assert.That(lines[0]).IsEqualTo("graph TD");
        await Assert.That(lines).Contains("  o0004[\"d#34;ns#92; #34;#93;#59; #60;b#62;\"]");
        await Assert.That(lines).Contains("  o0005 --> o0001");
    }

    [Test]
    public async Task Dot_gets_no_markup_out_of_a_name()
    {
        var lines = GraphMarkup.Dot(Graph).Split('\n');
        await Assert.That(lines).Contains("  o0004 [label=\"d\\\"ns\\\\ \\\"]; <b>\"];");
        await Assert.That(lines).Contains("  o0002 -> o0003;");
        await Assert.That(lines[^2]).IsEqualTo("}");
    }

    [Test]
    public async Task A_reading_is_a_line_or_an_object()
    {
        var good = Given.Reading(Given.One());
        await Assert.That(ReadingText.Plain(good, "job.json")).IsEqualTo("job.json: valid: 1 order");
        await Assert.That(ReadingText.Json(good)).IsEqualTo("""{"valid":true,"orders":1,"errors":[],"warnings":[]}""");
        var bad = Given.Reading("{\n\"orders\": 1}");
        await Assert.That(ReadingText.Plain(bad, "job.json")).IsEqualTo("job.json:2: orders: must be a list of orders; found the number 1");
        await Assert.That(ReadingText.Json(bad))
            .IsEqualTo("""{"valid":false,"errors":[{"path":"orders","line":2,"column":11,"message":"must be a list of orders; found the number 1"}],"warnings":[]}""");
    }
}
