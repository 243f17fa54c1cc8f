using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IacCi.Core.Jobs;

namespace IacCi.Tests.Unit.Jobs;

/// <summary>Records, reader and schema say the same.</summary>
internal sealed partial class SchemaTests
{
    private const string Recipient = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq";
    private static readonly JsonNode Schema = JsonNode.Parse(JobSchema.Text())!;

    /// <summary>Members of the records that are made out of others.</summary>
    private static readonly string[] Derived = [nameof(Job.ReportNumber), nameof(Order.Target)];

    /// <summary>For each field of a job a value that differs from its default.</summary>
    private static readonly Dictionary<string, string> JobValues = new()
    {
        ["git_repo"] = "\"o/r\"",
        ["pr_number"] = "1",
        ["issue_number"] = "1",
        ["git_token_location"] = "\"aws:::ssm:t\"",
        ["git_ssh_key_location"] = "\"aws:::ssm:k\"",
        ["commit_hash"] = "\"aaaaaaa\"",
        ["username"] = "\"me\"",
        ["flow_label"] = "\"plan\"",
        ["pr_comment_search_tag"] = "\"tag\"",
        ["presign_expiry"] = "7201",
        ["job_timeout"] = "3601",
        ["stop_signal"] = "\"TERM\"",
        ["stop_grace"] = "31",
        ["max_parallel"] = "2",
        ["workspace"] = "\"in_place\"",
        ["keep_changes"] = "\"discard\"",
        ["orders"] = """[{"cmds": ["x"], "timeout": 1}]""",
    };

    /// <summary>The same for an order.</summary>
    private static readonly Dictionary<string, string> OrderValues = new()
    {
        ["workspace"] = "\"in_place\"",
        ["keep_changes"] = "\"discard\"",
        ["cmds"] = "[\"x\"]",
        ["timeout"] = "60",
        ["stop_signal"] = "\"TERM\"",
        ["stop_grace"] = "31",
        ["order_name"] = "\"n\"",
        ["git_repo"] = "\"o/r\"",
        ["git_folder"] = "\"f\"",
        ["commit_hash"] = "\"aaaaaaa\"",
        ["s3_location"] = "\"s3://bucket/k\"",
        ["env_vars"] = """{"A": "1"}""",
        ["ssm_paths"] = "[\"/a\"]",
        ["secret_manager_paths"] = "[\"a\"]",
        ["sops_key"] = $"\"{Recipient}\"",
        ["execution_target"] = "\"lambda\"",
        ["use_lambda"] = "true",
        ["queue_id"] = "\"q\"",
        ["dependencies"] = "[\"other\"]",
        ["sops_key_ssm_path"] = "\"/k\"",
        ["must_succeed"] = "false",
        ["retries"] = "1",
    };

    [Test]
    public async Task Every_member_of_the_records_is_in_the_schema_and_no_other()
    {
        await Assert.That(Names(Schema["properties"]!)).IsEquivalentTo(Members<Job>());
        await Assert.That(Names(Schema["$defs"]!["order"]!["properties"]!)).IsEquivalentTo(Members<Order>());
        await Assert.That(JobValues.Keys).IsEquivalentTo(Members<Job>());
        await Assert.That(OrderValues.Keys).IsEquivalentTo(Members<Order>());
        foreach (var property in Schema["properties"]!.AsObject().Concat(Schema["$defs"]!["order"]!["properties"]!.AsObject()))
        {
            await Assert.That((string?)property.Value!["description"]).IsNotNull();
        }
    }

    [Test]
    public async Task Every_field_arrives_in_its_member_and_is_written_back()
    {
        foreach (var (field, value) in JobValues)
        {
            await Arrives(JobText(field), job => job, field, value);
        }

        foreach (var (field, value) in OrderValues)
        {
            await Arrives(OrderText(field), job => job.Orders[0], field, value);
        }
    }

    /// <summary>What Ajv, a validator of other people's, says of the schema and of jobs: the same as the reader.</summary>
    [Test]
    public async Task Ajv_takes_and_refuses_what_the_reader_does()
    {
        string[] good =
            [.. JobValues.Keys.Select(JobText), .. OrderValues.Keys.Select(OrderText),
                JobSamples.One("", """ "env_vars": {"A": 1, "B": true}, """),
            JobSamples.One(""" "$schema": "https://example.org/job.json", "x-notes": {"a": [1]}, """, """ "x-owner": null, """),
            JobSamples.One("\"job_timeout\": 3600.0,"), JobSamples.One("\"job_timeout\": 3.6e3,"), JobSamples.One("\"pr_number\": 12.00,")];
        string[] bad =
        [
            "{}", "[]", """{"orders": []}""", JobSamples.One("\"x\": 1,"), JobSamples.One("", "\"x\": 1,"),
            JobSamples.One("", "\"retries\": 11,"),
            JobSamples.One("\"X-notes\": 1,"), JobSamples.One("\"schema\": 1,"), JobSamples.One("\"job_timeout\": 3600.5,"),
            JobSamples.One("\"job_timeout\": 1e40,"),
            JobSamples.One("", "\"retries\": 1.5,"),
            JobSamples.One("\"git_repo\": null,"), JobSamples.One("\"commit_hash\": \"main\","),
            JobSamples.One("\"pr_number\": 1, \"issue_number\": 2,"),
            JobSamples.One("", "\"execution_target\": \"ec2\","),
            JobSamples.One("", "\"execution_target\": \"lambda\", \"use_lambda\": false,"),
            JobSamples.One("", "\"sops_key_ssm_path\": \"/k\","), JobSamples.One("", "\"env_vars\": {\"1\": \"a\"},"),
            JobSamples.One("", "\"env_vars\": {\"A\": null},"),
            JobSamples.One("", "\"dependencies\": \"a\","), JobSamples.One("\"job_timeout\": 72001,"),
            JobSamples.One("", "\"git_folder\": \"/a\","),
            """{"orders": [{"cmds": ["x"]}]}""", """{"orders": [{"cmds": [" "], "timeout": 1}]}""",
        ];
        var verdicts = await Ajv.AskAsync(Schema, [.. good, .. bad]);
        await Assert.That(verdicts.Take(good.Length).All(verdict => verdict)).IsTrue();
        await Assert.That(verdicts.Skip(good.Length).Any(verdict => verdict)).IsFalse();
        await Assert.That(good.Where(text => !JobSamples.Reading(text).IsValid)).IsEmpty();
        await Assert.That(bad.Where(text => JobSamples.Reading(text).IsValid)).IsEmpty();
    }

    private static string JobText(string field) =>
        "{" + $"\"{field}\": {JobValues[field]}" + (field == "orders" ? "" : $", \"orders\": {JobValues["orders"]}") + "}";

    private static string OrderText(string field)
    {
        var needed = new[] { field, "cmds", "timeout", field == "sops_key_ssm_path" ? "sops_key" : "cmds" }.Distinct();
        return "{\"orders\": [{" + string.Join(", ", needed.Select(name => $"\"{name}\": {OrderValues[name]}")) +
            "}, {\"order_name\": \"other\", \"cmds\": [\"x\"], \"timeout\": 1}]}";
    }

    private static async Task Arrives(string text, Func<Job, object> owner, string field, string value)
    {
        var job = JobSamples.Job(text);
        var member = owner(job).GetType().GetProperties().Single(property => Snake(property.Name) == field).GetValue(owner(job));
        await Assert.That(member).IsNotNull().Because(field);
        if (member is string or int)
        {
            await Assert.That(member.ToString()).IsEqualTo(value.Trim('"')).Because(field);
        }

        var written = JsonNode.Parse(JobWriter.Write(job).Span)!;
        var there = (owner(job) is Job ? written : written["orders"]![0]!)[field];
        await Assert.That(JsonNode.DeepEquals(there, JsonNode.Parse(value))).IsTrue().Because(field);
    }

    private static IEnumerable<string> Names(JsonNode node) => node.AsObject().Select(property => property.Key);

    private static string[] Members<T>() => [.. typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Select(property => property.Name).Except(Derived).Select(Snake)];

    private static string Snake(string name) =>
        Capital().Replace(name, match => $"{(match.Index == 0 ? "" : "_")}{match.Value.ToLowerInvariant()}");

    [GeneratedRegex("[A-Z]")]
    private static partial Regex Capital();
}
