using IacCi.Core.Jobs;
using IacCi.Core.Terminal;

namespace IacCi.Tests.Unit.Jobs;

/// <summary>
/// What people write in YAML and YAML reads otherwise: it is read as it was meant, refused with a remedy, or pointed out.
/// </summary>
internal sealed class YamlTrapTests
{
    private static JobReading Read(string text) => JobSamples.Reading(text, JobFormat.Yaml);

    private static Order One(string text) => Read(text).OrThrow("job.yaml").Orders[0];

    private static string Refused(string text)
    {
        var error = Read(text).Errors.Single();
        return $"{error.Line}:{error.Column}: {error.Path}: {error.Message}";
    }

    [Test]
    [Arguments("orders:\n- timeout: 1\n  cmds:\n  - ! grep -q forbidden plan.txt\n", "4:5: ", "'! grep ...'")]
    [Arguments("orders:\n- timeout: 1\n  cmds: [! grep x]\n", "3:10: ", "put the whole text in quotes")]
    [Arguments("orders:\n- timeout: 1\n  cmds: [! 'grep x']\n", "3:10: ", "put the whole text in quotes")]
    [Arguments("orders:\n- timeout: 1\n  cmds:\n  - !grep x\n", "4:5: ", "put the whole text in quotes when the '!' belongs to it")]
    [Arguments("orders:\n- timeout: 1\n  order_name: ! a\n  cmds: [x]\n", "3:15: ", "takes for a tag")]
    [Arguments("orders:\n- timeout: 1\n  cmds: ! [x]\n", "3:9: ", "takes for a tag")]
    [Arguments("orders:\n- timeout: 1\n  ! cmds: [x]\n", "3:3: ", "takes for a tag")]
    [Arguments("orders:\n- timeout: 1\n  cmds:\n  - *.sh\n", "4:5: ", "begins with '*' in quotes")]
    public async Task A_sign_that_yaml_would_swallow_is_refused_with_the_remedy(string text, string place, string remedy) =>
        await Assert.That(Refused(text)).StartsWith(place).And.Contains(remedy);

    [Test]
    public async Task An_exclamation_mark_in_quotes_or_within_a_text_is_text() =>
        await Assert.That(One("orders:\n- timeout: 1\n  cmds: ['! a', \"! b\", a ! b, 'c']\n").Cmds)
            .IsEquivalentTo(["! a", "! b", "a ! b", "c"]);

    [Test]
    public async Task A_command_that_a_comment_cuts_is_pointed_out_and_stays_valid()
    {
        var reading = Read("""
            orders:
              - timeout: 60 # a minute
                order_name: build #1
                cmds:
                  - echo one # two
                  - echo a#b
                  - 'echo # quoted' # a comment
                  - |
                    echo in a block
                  - &2 echo three
                env_vars: {A: b} # a comment
                queue_id: q # a comment
            """);
        await Assert.That(reading.IsValid).IsTrue();
        await Assert.That(reading.Job!.Orders[0].Cmds[0]).IsEqualTo("echo one");
        await Assert.That(reading.Warnings.Select(warning => $"{warning.Line} {warning.Path}"))
            .IsEquivalentTo(["3 orders[0].order_name", "5 orders[0].cmds[0]", "10 orders[0].cmds[4]"]);
        await Assert.That(ReadingText.Warnings(reading, "job.yaml").First()).StartsWith(
            "job.yaml:3: warning: orders[0].order_name: ends in front of ' #'");
        await Assert.That(ReadingText.Json(reading)).Contains("\"errors\":[],\"warnings\":[{\"path\":\"orders[0].order_name\"");
    }

    private static string Places(string text) =>
        string.Join(", ", Read(text).Warnings.Select(warning => $"{warning.Line}:{warning.Column} {warning.Path}"));

    [Test]
    [Arguments("""
        orders:
        - timeout: 1
          cmds:
          - >-
            terraform plan
            # -destroy
            -input=false
        """, "6:5 orders[0].cmds[0]")]
    [Arguments("""
        orders:
        - timeout: 1
          cmds:
          - echo
          - > # of the block itself
            echo one # two
            echo three
        """, "6:14 orders[0].cmds[1]")]
    [Arguments("""
        orders:
        - timeout: 1
          cmds:
          - echo one
            two # three
        """, "5:8 orders[0].cmds[0]")]
    public async Task A_comment_that_hides_what_follows_is_pointed_out_in_its_own_line(string text, string places)
    {
        await Assert.That(Places(text)).IsEqualTo(places);
        await Assert.That(Places(text.Replace("\n", "\r\n", StringComparison.Ordinal))).IsEqualTo(places);
        await Assert.That(Read(text).IsValid).IsTrue();
    }

    [Test]
    [Arguments("|", "echo one # two\necho three")]
    [Arguments(">", "echo one # two")]
    [Arguments("|", "# what it is for\necho one\n  # and what not\necho two")]
    [Arguments("|", "echo 'a # b' \"c # d\" e\\ # f#g $# ${#h}")]
    [Arguments("|", "echo 'a\n# b\nc # d'")]
    [Arguments("|", "cat > x <<END\na # b\nEND")]
    [Arguments(">", "echo 'a\n# b'\nc#d")]
    public async Task What_is_no_comment_and_what_is_nothing_but_one_is_not(string style, string command)
    {
        var block = string.Concat(command.Split('\n').Select(line => $"    {line}\n"));
        await Assert.That(Places($"orders:\n- timeout: 1\n  cmds:\n  - {style}\n{block}")).IsEqualTo("");
    }

    [Test]
    [Arguments("orders:\n- timeout: 1\n  cmds: [a\0b]\n", JobFormat.Yaml, "3:11")]
    [Arguments("# é\0\norders:\n- timeout: 1\n  cmds: [a]\n", JobFormat.Yaml, "1:4")]
    [Arguments("orders:\n- timeout: 1\n  cmds: [a]\n\0", JobFormat.Yaml, "4:1")]
    [Arguments("orders:\r\n- timeout: 1\r\n  cmds:\r\n  - |\r\n    a\0\r\n", JobFormat.Yaml, "5:6")]
    [Arguments("orders:\n- timeout: 1\n  cmds: [\"a\0b\"]\n", JobFormat.Yaml, "3:12")]
    [Arguments("orders:\n- {timeout: 1, cmds: [a], x-y\0: 1}\n", JobFormat.Yaml, "2:30")]
    [Arguments("{\"orders\":\n[\0]}", JobFormat.Json, "2:2")]
    public async Task A_nul_anywhere_is_refused_with_its_place(string text, JobFormat format, string place)
    {
        var error = JobSamples.Reading(text, format).Errors.Single();
        await Assert.That($"{error.Line}:{error.Column}").IsEqualTo(place);
        await Assert.That(error.Message).IsEqualTo("holds a NUL character, which no text can; remove it, and save the file as UTF-8");
    }

    [Test]
    public async Task An_anchor_that_is_used_is_no_trap() =>
        await Assert.That(Read("orders:\n- {timeout: 1, cmds: [&x echo a]}\n- {timeout: 1, cmds: [*x]}\n").Warnings).IsEmpty();

    [Test]
    public async Task Anchors_work_on_every_value_of_a_map_in_braces()
    {
        var job = Read("""
            orders: [{timeout: &t 60, order_name: &n one, cmds: [&c echo, *c]}, {timeout: *t, cmds: [*c], queue_id: &q 'two', dependencies: [*n]}]
            """).OrThrow("job");
        await Assert.That(job.Orders.Select(order => $"{order.NameAt(0)} {order.Timeout} {string.Join('+', order.Cmds)}"))
            .IsEquivalentTo(["one 60 echo+echo", "two 60 echo"]);
    }

    [Test]
    [Arguments("\u0085")]
    [Arguments("\u2028")]
    [Arguments("\u2029")]
    public async Task Only_a_line_feed_and_a_carriage_return_end_a_line(string character)
    {
        var order = One($"# a{character}b\norders:\n- timeout: 1\n  cmds: [a{character}b, 'c{character}d', \"e{character}f\"]\n");
        await Assert.That(order.Cmds).IsEquivalentTo([$"a{character}b", $"c{character}d", $"e{character}f"]);
        await Assert.That(One($"orders:\n- timeout: 1\n  cmds:\n  - |\n    g{character}h\n").Cmds).IsEquivalentTo([$"g{character}h\n"]);
        await Assert.That(Refused($"# {character}\norders:\n- timeout: 1\n  cmds: [\uFDD0{character}]\n  zzz: 1\n"))
            .StartsWith("5:3: orders[0].zzz");
    }

    [Test]
    [Arguments("orders:\n\t\n- timeout: 1\n  cmds: [x]\n")]
    [Arguments("orders:\n\t# a comment\n- timeout: 1\n \t # another\n  cmds: [x]\n\t\t\n")]
    [Arguments("orders:\n- timeout: 1\t# a comment\n  cmds:\t[x]\n")]
    [Arguments("\t# first\norders:\n- timeout: 1\n  cmds:\n  - x\n\t# behind\n\n \t\n")]
    public async Task A_tab_in_an_empty_line_or_in_front_of_a_comment_is_allowed(string text) =>
        await Assert.That(One(text).Cmds).IsEquivalentTo(["x"]);

    [Test]
    public async Task A_tab_within_a_command_stays() =>
        await Assert.That(
            One("orders:\n- timeout: 1\n\t# a comment\n  cmds:\n  - |\n    all:\n    \t# in a recipe\n    \t\n    \techo\n").Cmds)
            .IsEquivalentTo(["all:\n\t# in a recipe\n\t\n\techo\n"]);

    [Test]
    [Arguments("orders:\n\t- timeout: 1\n", "2:1")]
    [Arguments("orders:\n- timeout: 1\n\tcmds: [x]\n", "3:1")]
    [Arguments("orders:\n\t# fine\n\n- timeout: 1\n  \tcmds: [x]\n", "5:3")]
    [Arguments("a: 1\n\n\n\tb: 2\n", "4:1")]
    public async Task A_tab_that_indents_is_named_with_its_own_place(string text, string place) =>
        await Assert.That(Refused(text)).StartsWith($"{place}: : is not valid YAML: a tab").And.EndsWith("write blanks instead");

    [Test]
    public async Task Columns_count_characters_in_both_languages()
    {
        const string Text = """{"orders": [{"cmds": ["é😀漢"], "timeout": "x"}]}""";
        // The emoji is two UTF-16 units and one character; columns begin at 1.
        var column = Text.IndexOf("\"x\"", StringComparison.Ordinal);
        await Assert.That(JobSamples.Reading(Text, JobFormat.Json).Errors.Single().Column).IsEqualTo(column);
        await Assert.That(JobSamples.Reading(Text, JobFormat.Yaml).Errors.Single().Column).IsEqualTo(column);
        var broken = JobSamples.Reading("{\n\"é😀漢\": nonsense}", JobFormat.Json).Errors.Single();
        await Assert.That($"{broken.Line}:{broken.Column}").IsEqualTo("2:9");
    }

    [Test]
    [Arguments("timeout: 10m", "found a text; write the seconds: 600")]
    [Arguments("timeout: 1h30m", "write the seconds: 5400")]
    [Arguments("timeout: 90 seconds", "write the seconds: 90")]
    [Arguments("timeout: '2 min'", "write the seconds: 120")]
    [Arguments("timeout: '60'", "write it without quotes")]
    [Arguments("timeout: 100d", "found a text")]
    [Arguments("timeout: soon", "found a text")]
    [Arguments("timeout: 1.5", "from 1 to 72,000 seconds; found the number 1.5")]
    [Arguments("timeout: 99999999999999999999", "from 1 to 72,000 seconds; found the number 99999999999999999999")]
    [Arguments("timeout: 1e999", "found the number 1e999")]
    [Arguments("timeout: 1, must_succeed: no", "found \"no\"; write false")]
    [Arguments("timeout: 1, must_succeed: On", "found \"On\"; write true")]
    [Arguments("timeout: 1, must_succeed: 0", "found \"0\"; write false")]
    [Arguments("timeout: 1, must_succeed: 'true'", "found the text \"true\"; write it without quotes")]
    [Arguments("timeout: 1, retries: 10m", "from 0 to 10; found a text")]
    public async Task A_hint_leads_to_what_is_taken(string fields, string hint) =>
        await Assert.That(Refused($"orders: [{{cmds: [x], {fields}}}]")).EndsWith(hint);

    [Test]
    [Arguments("600.0", 600)]
    [Arguments("6e2", 600)]
    [Arguments("+60", 60)]
    [Arguments("0x3C", 60)]
    [Arguments("0o74", 60)]
    public async Task A_number_counts_by_its_value(string text, int seconds) =>
        await Assert.That(One($"orders: [{{cmds: [x], timeout: {text}}}]").Timeout).IsEqualTo(seconds);

    [Test]
    public async Task What_is_somebody_elses_is_left_alone()
    {
        var job = Read(
            "$schema: ./job.schema.json\nx-common: &common {timeout: 5, cmds: [x]}\norders:\n- {<<: *common, x-note: [1, {a: b}]}\n")
            .OrThrow("job");
        await Assert.That(job.Orders[0].Timeout).IsEqualTo(5);
    }

    [Test]
    [Arguments("👩\u200D💻", true)]
    [Arguments("❤\uFE0F\u200D🔥", true)]
    [Arguments("🧑🏽\u200D🚀", true)]
    [Arguments("می\u200Cخواهم", true)]
    [Arguments("क्\u200Dष", true)]
    [Arguments("a\u200Db", false)]
    [Arguments("prod\u200C", false)]
    [Arguments("\u200Dprod", false)]
    [Arguments("é\u200Dé", false)]
    [Arguments("می\u200C", false)]
    [Arguments("م\u200C\u200Dم", false)]
    [Arguments("a\u202Eb", false)]
    [Arguments("a\u200Bb", false)]
    public async Task A_joiner_is_text_where_it_joins_something(string name, bool valid)
    {
        var reading = Read($"orders: [{{cmds: [x], timeout: 1, order_name: '{name}'}}]");
        await Assert.That(reading.IsValid).IsEqualTo(valid);
        await Assert.That(reading.Job?.Orders[0].OrderName ?? name).IsEqualTo(name);
    }
}
