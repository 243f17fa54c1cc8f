using System.Text;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Tests.Unit.Jobs;

internal sealed class ReaderTests
{
    private const string Good = "{\"orders\": [{\"cmds\": [\"a\"], \"timeout\": 1}]}";

    [Test]
    [Arguments("{\"orders\": [1,]}", 1, 15, "trailing comma")]
    [Arguments("{\n // no\n}", 2, 2, "is not valid JSON")]
    [Arguments("{\"a\": 1} x", 1, 10, "is not valid JSON")]
    [Arguments("{\"a\": \"\\ud800\"}", 1, 7, "surrogate")]
    [Arguments("{", 1, 2, "is not valid JSON")]
    public async Task What_is_not_json_is_refused_with_its_place(string text, int line, int column, string message)
    {
        var error = JobSamples.Reading(text, JobFormat.Json).Errors.Single();
        await Assert.That(error.Message).Contains(message);
        await Assert.That($"{error.Line}:{error.Column}").IsEqualTo($"{line}:{column}");
    }

    [Test]
    public async Task The_format_goes_by_the_file_name_and_else_by_the_first_character()
    {
        const string Yaml = "orders: [{cmds: [a], timeout: 1}]";
        await Assert.That(JobSamples.Reading(Yaml, fileName: "a.yml").IsValid).IsTrue();
        await Assert.That(JobSamples.Reading(Yaml, fileName: "a.JSON").IsValid).IsFalse();
        await Assert.That(JobSamples.Reading(Yaml).IsValid).IsTrue();
        await Assert.That(JobSamples.Reading("\uFEFF \n" + Good).IsValid).IsTrue();
        await Assert.That(JobSamples.Reading("{orders: [{cmds: [a], timeout: 1}]}").IsValid).IsFalse();
        await Assert.That(JobSamples.Reading("{orders: [{cmds: [a], timeout: 1}]}", fileName: "a.yaml").IsValid).IsTrue();
    }

    [Test]
    public async Task A_file_that_is_empty_too_big_or_in_another_encoding_is_refused()
    {
        static JobError Error(byte[] content) => JobReader.Read(content, null, null, JobContext.Local).Errors.Single();
        await Assert.That(Error([]).Message).Contains("is empty");
        await Assert.That(Error(" \n "u8.ToArray()).Message).Contains("is empty");
        await Assert.That(Error(new byte[JobLimits.MaxFileBytes + 1]).Message).Contains("at most 16,777,216 are read");
        await Assert.That(Error([(byte)'a', (byte)'\n', 0xFF]).ToString()).IsEqualTo("line 2: is not UTF-8; save it in that encoding");
        await Assert.That(Error(Encoding.Unicode.GetBytes("\uFEFF" + Good)).Message).Contains("is not UTF-8");
    }

    [Test]
    public async Task What_is_not_given_has_its_default()
    {
        var job = JobSamples.Job(Good);
        await Assert.That($"{job.FlowLabel} {job.PresignExpiry} {job.JobTimeout} {job.MaxParallel} {job.ReportNumber}")
            .IsEqualTo("exec 7200 3600  ");
        var order = job.Orders[0];
        await Assert.That($"{order.MustSucceed} {order.Retries} {order.Target} {order.NameAt(0)} {order.EnvVars.Count}")
            .IsEqualTo("True 0 CodeBuild order-0001 0");
    }

    [Test]
    public async Task An_order_takes_the_repository_and_the_commit_of_the_job()
    {
        var job = JobSamples.Job("""
            {"git_repo": "o/r", "commit_hash": "AAAAAAA", "orders": [
              {"cmds": ["x"], "timeout": 1}, {"cmds": ["x"], "timeout": 1, "commit_hash": "bbbbbbb"},
              {"cmds": ["x"], "timeout": 1, "git_repo": "o/s", "use_lambda": true}, {"cmds": ["x"], "timeout": 1, "git_repo": "o/r"}]}
            """);
        await Assert.That(job.Orders.Select(order => $"{order.RepoIn(job)} {order.CommitIn(job)} {order.Target}"))
            .IsEquivalentTo(["o/r aaaaaaa CodeBuild", "o/r bbbbbbb CodeBuild", "o/s  Lambda", "o/r aaaaaaa CodeBuild"]);
    }

    [Test]
    public async Task A_refused_job_becomes_one_message_with_a_line_for_each_error()
    {
        var thrown = Assert.Throws<UserException>(
            () => JobSamples.Reading("a: 1\nb: 2\norders: [{cmds: [x], timeout: 1}]").OrThrow("job.yaml"));
        await Assert.That(thrown!.Message.Split('\n').Select(line => line.Split(": is")[0]))
            .IsEquivalentTo(["job.yaml:1: a", "job.yaml:2: b"]);
        await Assert.That(thrown.ExitCode).IsEqualTo(ExitCode.Invalid);
    }

    [Test]
    public async Task Errors_beyond_a_thousand_are_counted()
    {
        var errors = JobSamples.Reading("orders: [" + string.Join(',', Enumerable.Repeat("1", 2_000)) + "]").Errors;
        await Assert.That(errors.Count).IsEqualTo(1_001);
        await Assert.That(errors[^1].Message).IsEqualTo("1,000 more errors are not shown; correct these first");
    }

    [Test]
    public async Task The_record_of_an_order_fits_its_table()
    {
        var command = new string('x', 100_000);
        var reading = JobSamples.Reading($$"""{"orders": [{"timeout": 1, "cmds": ["{{command}}", "{{command}}", "{{command}}"]}]}""");
        await Assert.That(reading.Errors.Single().Message).Contains("300,018 bytes, and its record holds at most 300,000");
    }

    /// <summary>As deep as a graph can be, and as wide: nothing here may recurse along it.</summary>
    [Test]
    [Category("Slow")]
    [Arguments("wide", JobFormat.Json)]
    [Arguments("chain", JobFormat.Json)]
    [Arguments("circle", JobFormat.Json)]
    [Arguments("wide", JobFormat.Yaml)]
    [Arguments("chain", JobFormat.Yaml)]
    [Arguments("pairs", JobFormat.Json)]
    public async Task The_most_orders_are_read_in_every_shape(string shape, JobFormat format)
    {
        var reading = JobSamples.Reading(Big(shape), format);
        await Assert.That(reading.IsValid).IsEqualTo(shape is "wide" or "chain");
        if (shape == "circle")
        {
            await Assert.That(reading.Errors.Single().Message).Contains("n0 -> n9998 -> n9997").And.Contains("(9,979 more)");
        }

        if (shape == "chain")
        {
            await Assert.That(JobGraph.Of(reading.Job!).Levels[^1]).IsEqualTo(OrderNum.MaxOrders - 1);
        }
    }

    [Test]
    public async Task One_order_more_than_the_most_is_refused()
    {
        var order = "{\"cmds\": [\"a\"], \"timeout\": 1}";
        var text = "{\"orders\": [" + string.Join(',', Enumerable.Repeat(order, OrderNum.MaxOrders + 1)) + "]}";
        await Assert.That(JobSamples.Reading(text).Errors.Single().Message).IsEqualTo("has 10,000 entries; at most 9,999 orders are taken");
    }

    private static string Big(string shape)
    {
        string? Dependency(int i) => shape switch
        {
            "chain" when i > 0 => $"n{i - 1}",
            "circle" => $"n{(i + OrderNum.MaxOrders - 1) % OrderNum.MaxOrders}",
            "pairs" when i < OrderNum.MaxOrders - 1 => $"n{i ^ 1}",
            _ => null,
        };
        var orders = Enumerable.Range(0, OrderNum.MaxOrders).Select(i =>
            $"{{\"order_name\": \"n{i}\", \"cmds\": [\"terraform apply\"], \"timeout\": 60, \"env_vars\": {{\"A\": \"b\"}}, \"dependencies\": [{(Dependency(i) is { } name ? $"\"{name}\"" : "")}]}}");
        return "{\"orders\": [\n" + string.Join(",\n", orders) + "\n]}";
    }
}
