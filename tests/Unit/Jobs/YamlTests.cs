using System.Text;
using IacCi.Core.Jobs;

namespace IacCi.Tests.Unit.Jobs;

/// <summary>What YAML has beyond JSON.</summary>
internal sealed class YamlTests
{
    private static Job Read(string text) => JobSamples.Reading(text, JobFormat.Yaml).OrThrow("job.yaml");

    private static string Refused(string text)
    {
        var error = JobSamples.Reading(text, JobFormat.Yaml).Errors.Single();
        return $"{error.Line}: {error.Path}: {error.Message}";
    }

    [Test]
    public async Task A_variable_is_the_text_that_is_written()
    {
        var order = Read("""
            orders:
              - cmds: [env]
                timeout: 60
                env_vars: {ZERO: 007, ONE: 1.50, YES: yes, TRUE: True, HEX: 0x1F, QUOTED: "1", TIME: 12:30, NONE: "null", EMPTY: ''}
            """).Orders[0];
        await Assert.That(string.Join(' ', order.EnvVars.Select(variable => $"{variable.Key}={variable.Value}")))
            .IsEqualTo("ZERO=007 ONE=1.50 YES=yes TRUE=True HEX=0x1F QUOTED=1 TIME=12:30 NONE=null EMPTY=");
    }

    [Test]
    public async Task What_is_quoted_is_a_text()
    {
        var order =
            Read("orders:\n- cmds: ['1', \"true\", !!str 3, |\n  a: b\n  ]\n  timeout: 60\n".Replace(", |\n  a: b\n  ]", "]")).Orders[0];
        await Assert.That(order.Cmds).IsEquivalentTo(["1", "true", "3"]);
        await Assert.That(Refused("orders: [{cmds: [a], timeout: '60'}]")).Contains("found a text; write it without quotes");
        await Assert.That(Read("orders: [{cmds: [a], timeout: 6e1}]").Orders[0].Timeout).IsEqualTo(60);
        await Assert.That(Refused("orders: [{cmds: [a], timeout: 1, must_succeed: no}]"))
            .Contains("must be true or false; found \"no\"; write false");
    }

    [Test]
    public async Task A_block_is_one_command_of_several_lines() =>
        await Assert.That(Read("orders:\n- timeout: 1\n  cmds:\n  - |\n    a: b\n    c\n").Orders[0].Cmds).IsEquivalentTo(["a: b\nc\n"]);

    [Test]
    public async Task Anchors_aliases_and_merges_share_what_is_common()
    {
        var job = Read("""
            orders:
              - &base
                order_name: a
                timeout: 60
                cmds: &cmds [x, y]
                env_vars: {A: 1}
              - <<: *base
                order_name: b
              - <<: [{retries: 2, timeout: 5}, *base]
                order_name: c
                cmds: *cmds
            """);
        await Assert.That(
            job.Orders.Select(
                order => $"{order.OrderName} {order.Timeout} {order.Retries} {string.Join('+', order.Cmds)} {order.EnvVars.Count}"))
            .IsEquivalentTo(["a 60 0 x+y 1", "b 60 0 x+y 1", "c 5 2 x+y 1"]);
    }

    [Test]
    public async Task An_error_in_something_shared_is_named_under_each_of_its_paths()
    {
        var errors = JobSamples.Reading("orders:\n- &a {cmds: [x], timeout: 0}\n- *a\n").Errors;
        await Assert.That(errors.Select(error => $"{error.Line} {error.Path}"))
            .IsEquivalentTo(["2 orders[0].timeout", "2 orders[1].timeout"]);
    }

    [Test]
    public async Task A_bomb_of_aliases_is_refused()
    {
        var text = new StringBuilder("a0: &a0 [xxxxxxxxxxxxxxxx]\n");
        for (var i = 1; i < 30; i++)
        {
            text.Append($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        }

        await Assert.That(Refused(text.ToString())).Contains("use fewer aliases");
    }

    [Test]
    public async Task A_bomb_of_merges_is_refused()
    {
        var many = string.Join(", ", Enumerable.Range(0, 2_000).Select(i => $"k{i}: 1"));
        var text = $"a: &a {{{many}}}\nb: {{<<: [{string.Join(", ", Enumerable.Repeat("*a", 600))}]}}";
        await Assert.That(Refused(text)).Contains("holds more than 1,000,000 values");
    }

    [Test]
    [Arguments("a: 1\n---\nb: 1\n", "2: : holds a second document")]
    [Arguments("a: *b\n", "1: : refers to the anchor \"b\"")]
    [Arguments("a: &a [*a]\n", "1: : refers to the anchor \"a\"")]
    [Arguments("a: !!binary xx\n", "1: : has the tag")]
    [Arguments("? [a]\n: b\n", "has a key that is not a text")]
    [Arguments("a: [b\nc: d", "is not valid YAML")]
    [Arguments("a:\n\t- b", "is not valid YAML")]
    [Arguments("a: \"\\uD800\"", "surrogate")]
    [Arguments("# nothing\n", "holds no document")]
    [Arguments("---\n...\n", "must be a map of fields; found nothing")]
    [Arguments("<<: 3\n", "takes a map")]
    public async Task What_is_not_one_readable_document_is_refused_with_its_place(string text, string expected) =>
        await Assert.That(Refused(text)).Contains(expected);

    [Test]
    public async Task A_text_that_is_too_deep_is_refused()
    {
        await Assert.That(Refused(new string('[', 50_000))).Contains("deeper than 32 levels");
        await Assert.That(JobSamples.Reading(new string('[', 50_000), JobFormat.Json).Errors.Single().Message)
            .Contains("maximum configured depth of 32");
    }
}
