using System.Globalization;
using IacCi.Core.Jobs;

namespace IacCi.Tests.Unit.Jobs;

/// <summary>
/// Each rule, broken once. JSON is YAML too, so that each text is read as both, and both have to name the same place: where the mark
/// stands.
/// </summary>
internal sealed class RuleTests
{
    private const char Mark = '▶';
    private const string Recipient = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq";
    private const string TokenFields = """ "git_token_location": "aws:::ssm:/t", "username": "me", "git_repo": "o/r", """;

    public static IEnumerable<(string Text, string Path, string Message)> Broken() =>
    [
        // The job's fields.
        (JobSamples.One("""▶"flow_labl": "x","""), "flow_labl", "did you mean flow_label?"),
        (JobSamples.One("""▶"flowLabel": "x","""), "flowLabel", "did you mean flow_label?"),
        (JobSamples.One("""▶"zzz": "x","""), "zzz", "the fields here are git_repo,"),
        (JobSamples.One("""▶"timeout": 3,"""), "timeout", "is a field of an order; move it"),
        (JobSamples.One(""" "username": "a", ▶"username": "b","""), "username", "is given twice, first in line 2"),
        (JobSamples.One(""" "git_repo": ▶"","""), "git_repo", "is empty"),
        (JobSamples.One(""" "git_repo": ▶null,"""), "git_repo", "found nothing (null); give it a value or leave the field out"),
        (JobSamples.One(""" "git_repo": ▶["a/b"],"""), "git_repo", "must be a text; found a list"),
        (JobSamples.One(""" "git_repo": ▶"-upload-pack=x/y","""), "git_repo", "is not owner/name, a path, or a URL"),
        (JobSamples.One(""" "git_repo": ▶"ext::sh -c id","""), "git_repo", "is not owner/name"),
        (JobSamples.One(""" "git_repo": ▶"http://example.org/a.git","""), "git_repo", "https, ssh or file"),
        (JobSamples.One(""" "git_repo": ▶"ssh://-oProxyCommand=id/x","""), "git_repo", "https, ssh or file"),
        (JobSamples.One(""" "git_repo": ▶"name","""), "git_repo", "is not owner/name"),
        (JobSamples.One(""" "commit_hash": ▶"main","""), "commit_hash", "7 to 64 hex digits"),
        (JobSamples.One(""" "commit_hash": ▶"abcdef","""), "commit_hash", "7 to 64 hex digits"),
        (JobSamples.One(""" "commit_hash": ▶12345678,"""), "commit_hash", "found the number 12345678; put it in quotes"),
        (JobSamples.One(""" "username": ▶"a b","""), "username", "use letters, digits"),
        (JobSamples.One(""" "username": ▶"a\nb","""), "username", "line break"),
        (JobSamples.One(""" "flow_label": ▶"a:b","""), "flow_label", "use letters, digits"),
        (JobSamples.One(""" "pr_comment_search_tag": ▶"--> @all","""), "pr_comment_search_tag", "use letters, digits"),
        (JobSamples.One(""" "git_token_location": ▶"ghp_abc","""), "git_token_location", "is not a location; write aws:::ssm:<path>"),
        (JobSamples.One(""" "git_ssh_key_location": ▶"aws:::ssm:a b","""), "git_ssh_key_location", "is not a location"),
        (JobSamples.One(""" "git_ssh_key_location": ▶"env:1A","""), "git_ssh_key_location", "is not a location"),
        (JobSamples.One(""" "pr_number": ▶0,"""), "pr_number", "from 1 to 2,147,483,647; found 0"),
        (JobSamples.One(""" "pr_number": ▶"7","""), "pr_number", "write it without quotes"),
        (JobSamples.One(""" "pr_number": ▶7.5,"""), "pr_number", "found the number 7.5"),
        (JobSamples.One(""" "pr_number": 7, "issue_number": ▶8,"""), "issue_number", "together with pr_number"),
        (JobSamples.One(""" "presign_expiry": ▶604801,"""), "presign_expiry", "from 1 to 604,800 seconds"),
        (JobSamples.One(""" "job_timeout": ▶72001,"""), "job_timeout", "20 x 3,600 = 72,000 s"),
        (JobSamples.One(""" "job_timeout": ▶0,"""), "job_timeout", "from 1 to 72,000 seconds"),
        (
            JobSamples.One(""" "job_timeout": ▶99999999999999999999,"""), "job_timeout",
            "from 1 to 72,000 seconds; found the number 99999999999999999999"),
        (JobSamples.One(""" "max_parallel": ▶0,"""), "max_parallel", "from 1 to 9,999"),
        ("""▶{"username": "me"}""", "orders", "is missing; add it"),
        ("""{"orders": ▶[]}""", "orders", "is empty; give it at least 1 of orders"),
        ("""{"orders": ▶{"a": 1}}""", "orders", "must be a list of orders; found a map"),
        ("""{"orders": [▶"a"]}""", "orders[0]", "must be a map of fields; found a text"),
        ("""▶["a"]""", "", "must be a map of fields; found a list"),

        // An order's fields.
        (JobSamples.Order("""▶{"timeout": 60}"""), "orders[0].cmds", "is missing; add it"),
        (JobSamples.Order("""▶{"cmds": ["true"]}"""), "orders[0].timeout", "is missing; add it"),
        (JobSamples.Order("""{"timeout": 60, "cmds": ▶[]}"""), "orders[0].cmds", "is empty"),
        (JobSamples.Order("""{"timeout": 60, "cmds": ▶"make"}"""), "orders[0].cmds", "write a list, also of one"),
        (JobSamples.Order("""{"timeout": 60, "cmds": ["a", ▶" "]}"""), "orders[0].cmds[1]", "is an empty command"),
        (JobSamples.Order("""{"timeout": 60, "cmds": ["a", ▶true]}"""), "orders[0].cmds[1]", "found true; put it in quotes"),
        (JobSamples.Order("""{"timeout": 60, "cmds": ["a", ▶{"echo a": "b"}]}"""), "orders[0].cmds[1]", "has to be put in quotes"),
        (JobSamples.Order("""{"timeout": 60, "cmds": [▶"a\u0000b"]}"""), "orders[0].cmds[0]", "NUL"),
        (
            JobSamples.Order("{\"timeout\": 60, \"cmds\": [▶\"" + new string('a', JobLimits.MaxArgumentBytes + 1) + "\"]}"),
            "orders[0].cmds[0]", "put it into a script"),
        (JobSamples.Order("""{"cmds": ["a"], "timeout": ▶0}"""), "orders[0].timeout", "from 1 to 72,000"),
        (JobSamples.Order("""{"cmds": ["a"], "timeout": ▶-1}"""), "orders[0].timeout", "found -1"),
        (
            JobSamples.Order("""{"cmds": ["a"], "timeout": ▶841, "use_lambda": true}"""), "orders[0].timeout",
            "with stop_grace (30 s) 871 s; a function ends after 900 s, of which 60 are for fetching and reporting; use at most 810"),
        (
            JobSamples.Order("""{"cmds": ["a"], "timeout": ▶821, "use_lambda": true, "stop_grace": 20}"""), "orders[0].timeout",
            "use at most 820"),
        (JobSamples.One("", """ "stop_grace": ▶601,"""), "orders[0].stop_grace", "must be a whole number from 0 to 600 seconds; found 601"),
        (JobSamples.One("", """ "stop_grace": ▶-1,"""), "orders[0].stop_grace", "must be a whole number from 0 to 600 seconds"),
        (JobSamples.One("", """ "stop_signal": ▶"KILL","""), "orders[0].stop_signal", "must be \"INT\" or \"TERM\"; found \"KILL\""),
        (JobSamples.One(""" "stop_grace": ▶9000,""", ""), "stop_grace", "must be a whole number from 0 to 600 seconds"),
        (
            JobSamples.Order("""{"cmds": ["a"], "timeout": ▶900, "execution_target": "lambda"}"""), "orders[0].timeout",
            "execution_target codebuild"),
        (JobSamples.One("", """▶"job_timeout": 5,"""), "orders[0].job_timeout", "is a field of the job; move it out of orders"),
        (JobSamples.One("", """▶"dependancies": [],"""), "orders[0].dependancies", "did you mean dependencies?"),
        (JobSamples.One("", """ "execution_target": ▶"ec2","""), "orders[0].execution_target", "\"codebuild\" or \"lambda\""),
        (
            JobSamples.One("", """ "execution_target": "codebuild", "use_lambda": ▶true,"""), "orders[0].use_lambda",
            "keep execution_target alone"),
        (JobSamples.One("", """ "use_lambda": ▶"yes","""), "orders[0].use_lambda", "must be true or false"),
        (JobSamples.One("", """ "retries": ▶11,"""), "orders[0].retries", "from 0 to 10"),
        (JobSamples.One("", """ "queue_id": ▶"_job","""), "orders[0].queue_id", "reserved"),
        (JobSamples.One("", """ "queue_id": ▶" a","""), "orders[0].queue_id", "blank"),
        (JobSamples.One("", """ "queue_id": ▶"a\u202eb","""), "orders[0].queue_id", "invisible"),
        (JobSamples.One("", " \"queue_id\": ▶\"" + new string('a', 129) + "\","), "orders[0].queue_id", "at most 128"),
        (JobSamples.One("", """ "git_repo": ▶"a","""), "orders[0].git_repo", "is not owner/name"),
        (JobSamples.One("", """ "git_folder": ▶"/etc","""), "orders[0].git_folder", "absolute"),
        (JobSamples.One("", """ "git_folder": ▶"a/../../b","""), "orders[0].git_folder", "leaves the repository"),
        (JobSamples.One("", """ "git_folder": ▶"a\\b","""), "orders[0].git_folder", "backslash"),
        (JobSamples.One("", """ "git_folder": ▶"-x","""), "orders[0].git_folder", "option"),
        (JobSamples.One("", """ "git_folder": ▶"a\u0000","""), "orders[0].git_folder", "control"),
        (JobSamples.One("", """ "commit_hash": ▶"HEAD","""), "orders[0].commit_hash", "hex"),
        (JobSamples.One("", """ "s3_location": ▶"https://b/k","""), "orders[0].s3_location", "s3://bucket/key"),
        (JobSamples.One("", """ "env_vars": ▶["A=1"],"""), "orders[0].env_vars", "must be a map of names and values"),
        (JobSamples.One("", """ "env_vars": {▶"1A": "x"},"""), "orders[0].env_vars.1A", "is not the name of a variable"),
        (JobSamples.One("", """ "env_vars": {▶"A-B": "x"},"""), "orders[0].env_vars.A-B", "is not the name of a variable"),
        (JobSamples.One("", """ "env_vars": {▶"A": null},"""), "orders[0].env_vars.A", "write \"\" for an empty one"),
        (JobSamples.One("", """ "env_vars": {▶"A": ["x"]},"""), "orders[0].env_vars.A", "found a list"),
        (JobSamples.One("", """ "env_vars": {▶"A": "x\u0000"},"""), "orders[0].env_vars.A", "NUL"),
        (JobSamples.One("", """ "env_vars": {"A": "x", ▶"A": "y"},"""), "orders[0].env_vars.A", "is given twice"),
        (JobSamples.One("", """ "ssm_paths": [▶"/a b"],"""), "orders[0].ssm_paths[0]", "is not the path of an SSM parameter"),
        (JobSamples.One("", """ "ssm_paths": [▶"aws:::secretd:x"],"""), "orders[0].ssm_paths[0]", "is not the path of an SSM parameter"),
        (JobSamples.One("", """ "ssm_paths": [▶"/a/1x"],"""), "orders[0].ssm_paths[0]", "gives no variable"),
        (JobSamples.One("", """ "ssm_paths": [▶"/a/"],"""), "orders[0].ssm_paths[0]", "gives no variable"),
        (JobSamples.One("", """ "ssm_paths": ["/a/db-x", ▶"/b/db.x"],"""), "orders[0].ssm_paths[1]", "becomes the variable DB_X"),
        (JobSamples.One("", """ "secret_manager_paths": [▶"a:b"],"""), "orders[0].secret_manager_paths[0]", "is not the name of a secret"),
        (
            JobSamples.One("", """ "secret_manager_paths": ["x/k", ▶"aws:::secretd:y/k"],"""), "orders[0].secret_manager_paths[1]",
            "becomes the variable K"),
        (JobSamples.One("", """ "sops_key": ▶"age1x","""), "orders[0].sops_key", "age recipient"),
        (JobSamples.One("", """ "sops_key_ssm_path": ▶"/k","""), "orders[0].sops_key_ssm_path", "add sops_key"),
        (
            JobSamples.One("", $""" "sops_key": "{Recipient}", "sops_key_ssm_path": ▶"a b","""), "orders[0].sops_key_ssm_path",
            "is not the path"),

        // Where commands run.
        (JobSamples.One(""" "workspace": ▶"here","""), "workspace", "must be \"copy\" or \"in_place\""),
        (JobSamples.One(""" "keep_changes": ▶"all","""), "keep_changes", "must be \"state\" or \"discard\""),
        (
            JobSamples.One("", """ "workspace": ▶"in_place", "git_repo": "o/r","""), "orders[0].workspace",
            "git_repo is fetched into a copy; remove git_repo, or write workspace: copy here"),
        (
            JobSamples.One("", """ "workspace": ▶"in_place", "s3_location": "s3://bucket/k","""), "orders[0].workspace",
            "s3_location is fetched into a copy"),
        (
            JobSamples.One(""" "git_repo": "o/r",""", """ "workspace": ▶"in_place","""), "orders[0].workspace",
            "the job's git_repo is fetched into a copy"),

        // Dependencies and names.
        (JobSamples.One("", """ "dependencies": ▶"one","""), "orders[0].dependencies", "write a list, also of one"),
        (JobSamples.One("", """ "dependencies": [▶1],"""), "orders[0].dependencies[0]", "found the number 1; put it in quotes"),
        (JobSamples.One("", """ "dependencies": [▶"one"],"""), "orders[0].dependencies[0]", "is the order itself"),
        (JobSamples.One("", """ "dependencies": [▶"oen"],"""), "orders[0].dependencies[0]", "did you mean \"one\"?"),
        (
            JobSamples.One("", """ "dependencies": [▶"other"],"""), "orders[0].dependencies[0]",
            "no order has the queue_id or order_name \"other\""),
        (Two("a", "q1", "", "a", "", "", 1, "order_name"), "orders[1].order_name", "is the order_name of orders[0] too"),
        (Two("a", "q", "", "b", "q", "", 1, "queue_id"), "orders[1].queue_id", "is the queue_id of orders[0] too"),
        (
            Two("a", "b", "", "b", "", "", 1, "order_name"), "orders[1].order_name",
            "is the order_name of this order and the queue_id of orders[0] too"),
        (Two("order-0002", "", "", "", "", "", 0, "order_name"), "orders[0].order_name", "is how orders[1] is called"),
        (Two("a", "q", "", "b", "", "\"q\", ▶\"a\"", 1, ""), "orders[1].dependencies[1]", "\"a\" is the same order as \"q\""),
        (Two("a", "", "", "b", "", "\"a\", ▶\"a\"", 1, ""), "orders[1].dependencies[1]", "\"a\" is given twice"),
        (Two("a", "", "▶\"b\"", "b", "", "\"a\"", 1, ""), "orders[0].dependencies[0]", "a -> b -> a"),
    ];

    public static IEnumerable<(string Text, string Path, string Message)> BrokenOnAws() =>
    [
        (
            JobSamples.Order("""▶{"cmds": ["a"], "timeout": 60}"""), "orders[0]",
            "has no code; on AWS no folder of this machine is read: add git_repo here or to the job, or a zip at s3_location"),
        (JobSamples.One(""" "git_repo": ▶"./here","""), "git_repo", "is not owner/name"),
        (
            JobSamples.One(""" "workspace": ▶"in_place",""", """ "s3_location": "s3://bucket/k", "workspace": "copy","""), "workspace",
            "keep Terraform state in a backend"),
        (JobSamples.One(""" "git_repo": ▶"https://github.com/a/b","""), "git_repo", "is not owner/name"),
        (
            JobSamples.One($$"""{{TokenFields}} "pr_number": 1,""".Replace("aws:::ssm:/t", "env:T").Replace("\"env", "▶\"env")),
            "git_token_location", "on one machine only"),
        (JobSamples.One(""" "git_repo": "o/r", """, """ "ssm_paths": [▶"file:/x/y"],"""), "orders[0].ssm_paths[0]", "on one machine only"),
        (
            JobSamples.One(""" "git_repo": "o/r", """, """ "ssm_paths": [▶"env:CLUSTER_TOKEN"],"""), "orders[0].ssm_paths[0]",
            "write aws:::ssm:/iac-ci/jobs/cluster-token"),
        (
            JobSamples.One(""" "git_repo": "o/r", """, """ "secret_manager_paths": [▶"env:X"],"""), "orders[0].secret_manager_paths[0]",
            "on one machine only"),
        (Mark + JobSamples.One(TokenFields), "pr_number", "or issue_number"),
        (
            Mark + JobSamples.One($$"""{{TokenFields}} "pr_number": 1,""".Replace("\"username\": \"me\",", "")), "username",
            "a comment is posted"),
        (
            Mark + JobSamples.One(
                TokenFields.Replace("\"git_repo\": \"o/r\",", "") + "\"pr_number\": 1,", "\"s3_location\": \"s3://bucket/k\","),
            "git_repo", "a comment is posted"),
        (JobSamples.One(""" "git_repo": "o/r", "job_timeout": 9000,""").Replace("60", "▶5281"), "orders[0].timeout",
            "7,231 s (1,800 until codebuild begins + 5,281 timeout + 30 stop_grace + 60 until it is ended + 60 to report), but " +
                "presign_expiry is 7,200; raise presign_expiry to 7,231, or lower timeout to 5,250"),
        (
            JobSamples.One(""" "git_repo": "o/r", "presign_expiry": 1000,""", "\"use_lambda\": true,").Replace("60", "▶60"),
            "orders[0].timeout", "900 until lambda begins"),
    ];

    [Test]
    [MethodDataSource(nameof(Broken))]
    public async Task A_broken_rule_is_named_with_its_place_in_json_and_yaml(string text, string path, string message)
    {
        await Names(text, path, message, JobFormat.Json, JobContext.Local);
        await Names(text, path, message, JobFormat.Yaml, JobContext.Local);
    }

    [Test]
    [MethodDataSource(nameof(BrokenOnAws))]
    public async Task A_rule_of_aws_is_broken_there_and_only_there(string text, string path, string message)
    {
        await Names(text, path, message, JobFormat.Json, JobContext.Aws);
        await Names(text, path, message, JobFormat.Yaml, JobContext.Aws);
        await Assert.That(JobSamples.Reading(text.Replace(Mark.ToString(), "")).Errors).IsEmpty();
    }

    [Test]
    [Arguments("""
        {"git_repo": "octo-org/net.work", "issue_number": 3, "git_token_location": "aws:::secretd:prod/gh", "git_ssh_key_location": "aws:::ssm:/k",
         "commit_hash": "0123abcDEF", "username": "dependabot[bot]", "flow_label": "plan", "pr_comment_search_tag": "iac-ci: plan", "presign_expiry": 604800,
         "job_timeout": 72000, "max_parallel": 9999, "workspace": "copy", "keep_changes": "discard", "orders": [
          {"cmds": ["a\nb", "é"], "timeout": 72000, "order_name": "a b/ü", "queue_id": "q:1", "git_folder": "./a/b..c/", "retries": 10, "must_succeed": false,
           "env_vars": {"_A1": "", "B": 1.50, "C": true, "PATH": "x"}, "ssm_paths": ["/p/a-b.c", "aws:::ssm:d", "arn:aws:ssm:eu-west-1:123456789012:parameter/e/f"],
           "secret_manager_paths": ["p/g", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:p/h-AbCdEf"], "execution_target": "codebuild", "use_lambda": false,
           "sops_key": "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", "sops_key_ssm_path": "/x"},
          {"cmds": ["a"], "timeout": 830, "stop_grace": 10, "use_lambda": true, "dependencies": ["q:1"], "s3_location": "s3://bucket/a/b.zip"},
          {"cmds": ["a"], "timeout": 1, "git_repo": "x/y", "dependencies": ["a b/ü"], "commit_hash": "aaaaaaa", "workspace": "copy", "keep_changes": "state"}]}
        """)]
    // the job's end is then the order's
    [Arguments("""{"git_repo": "o/r", "job_timeout": 5, "orders": [{"cmds": ["a"], "timeout": 60}]}""")]
    public async Task What_keeps_the_rules_is_taken_on_aws_and_here(string text)
    {
        await Assert.That(JobSamples.Reading(text, JobFormat.Json, JobContext.Aws).Errors).IsEmpty();
        await Assert.That(JobSamples.Reading(text, JobFormat.Yaml, JobContext.Aws).Errors).IsEmpty();
        await Assert.That(JobSamples.Reading(text, JobFormat.Json).Errors).IsEmpty();
    }

    [Test]
    [Arguments("octo-org/network")]
    [Arguments("https://github.com/octo-org/network.git")]
    [Arguments("ssh://git@example.org:22/a.git")]
    [Arguments("git@github.com:octo-org/network.git")]
    [Arguments("file:///srv/repos/a.git")]
    [Arguments("/srv/repos/a")]
    [Arguments("../a b")]
    [Arguments("~/a")]
    public async Task Here_a_repository_may_be_a_path_or_a_url(string repo) =>
        await Assert.That(JobSamples.Reading(JobSamples.One($"\"git_repo\": \"{repo}\",")).Errors).IsEmpty();

    [Test]
    public async Task All_errors_come_at_once_in_the_order_of_the_file()
    {
        var reading = JobSamples.Reading("""
            usrname: me
            orders:
              - cmds: []
                timeout: 0
              - order_name: b
                cmds: [x]
                timeout: soon
                dependencies: [c]
            job_timeout: 99999
            """);
        await Assert.That(reading.Errors.Select(error => error.ToString("job.yaml").Split(": ")[0] + " " + error.Path)).IsEquivalentTo([
            "job.yaml:1 usrname", "job.yaml:3 orders[0].cmds", "job.yaml:4 orders[0].timeout", "job.yaml:7 orders[1].timeout",
            "job.yaml:8 orders[1].dependencies[0]", "job.yaml:9 job_timeout"]);
    }

    [Test]
    public async Task No_message_shows_the_value_of_a_variable()
    {
        var reading = JobSamples.Reading(
            JobSamples.One("", """ "env_vars": {"1A": "hunter2", "B": ["hunter2"], "C": {"x": "hunter2"}}, "sops_key": ["hunter2"],"""));
        await Assert.That(reading.Errors.Count).IsEqualTo(4);
        await Assert.That(string.Join('\n', reading.Errors)).DoesNotContain("hunter2");
    }

    [Test]
    public async Task Each_circle_is_spelled_out_once()
    {
        static string Order(string name, string dependencies) =>
            $$"""{"order_name": "{{name}}", "cmds": ["x"], "timeout": 1, "dependencies": [{{dependencies}}]}""";
        var reading = JobSamples.Reading(
            "{\"orders\": [" + string.Join(
                ',', Order("start", "\"a\""), Order("a", "\"b\""), Order("b", "\"c\", \"start\""), Order("c", "\"a\""),
            Order("x", "\"y\""), Order("y", "\"x\""), Order("free", "\"x\"")) + "]}");
        await Assert.That(reading.Errors.Select(error => error.Message.Split(": ")[1].Split(" (")[0]))
            .IsEquivalentTo(["start -> a -> b -> start", "x -> y -> x"]);
    }

    private static async Task Names(string marked, string path, string message, JobFormat format, JobContext context)
    {
        var before = marked[..marked.IndexOf(Mark)];
        var line = before.Count(c => c == '\n') + 1;
        var column = before.Length - before.LastIndexOf('\n');
        var reading = JobSamples.Reading(marked.Replace(Mark.ToString(), ""), format, context);
        await Assert.That(reading.IsValid).IsFalse();
        var found = reading.Errors.Select(
            error => string.Create(CultureInfo.InvariantCulture, $"{error.Line}:{error.Column} {error.Path}: {error.Message}"))
            .ToList();
        await Assert.That(found.Count).IsEqualTo(1).Because(string.Join('\n', found));
        await Assert.That(found[0])
            .StartsWith(string.Create(CultureInfo.InvariantCulture, $"{line}:{column} {path}: ")).And.Contains(message);
    }

    /// <summary>Two orders on two lines, with a mark in front of the value of a field of one of them.</summary>
    private static string Two(string name1, string id1, string after1, string name2, string id2, string after2, int marked, string field)
    {
        string Order(int index, string name, string id, string after)
        {
            string Text(string key, string value) =>
                value.Length == 0 ? "" : $"\"{key}\": {(index == marked && key == field ? "▶" : "")}\"{value}\", ";
            return $"{{{Text("order_name", name)}{Text("queue_id", id)}\"dependencies\": [{after}], \"cmds\": [\"a\"], \"timeout\": 1}}";
        }

        return "{\"orders\": [\n" + Order(0, name1, id1, after1) + ",\n" + Order(1, name2, id2, after2) + "]}";
    }
}
