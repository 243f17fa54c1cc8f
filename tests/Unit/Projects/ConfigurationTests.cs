using System.Text;
using System.Text.Json.Nodes;
using IacCi.Core.Jobs.Parsing;
using IacCi.Core.Model;
using IacCi.Core.Projects.Configuration;
using IacCi.Core.Projects.Discovery;
using IacCi.Tests.Unit.Jobs;

namespace IacCi.Tests.Unit.Projects;

/// <summary>The fields of <c>.iac-ci.yaml</c>, what is refused, and what the schema says of both.</summary>
internal sealed class ConfigurationTests
{
    private const string Full = """
        version: 1
        tool: tofu
        projects:
          infra/**: {}
          empty/**:
          infra/prod/**:
            tags: [prod]
            roles: {plan: "arn:aws:iam::222222222222:role/tf-plan", apply: "arn:aws:iam::222222222222:role/tf-apply"}
            secrets: {apply: ["aws:::ssm:/deploy/prod/token"]}
            apply: {needs: [{approvals: 2}, codeowners, checks], by: ["team:sre"]}
            backend_config: [env/prod.s3.tfbackend]
            timeout: 45m
            target: codebuild
          infra/{dev,stage}/app:
            workspaces: [eu, us]
            vars: ["env/{workspace}.tfvars"]
            apply: {on: merge}
            secrets: ["aws:::ssm:/deploy/token"]
          legacy/net:
            after: [infra/prod/vpc]
            also: ["../shared/*.json"]
        steps:
          plan: [init, plan, {run: tflint}]
          apply: [init, apply]
        policies: [{from: "acme/policies@4f1c2d9", on: "tag:prod"}]
        modules: {git_token: "aws:::ssm:/deploy/github/modules"}
        forks: {plan: false}
        drift: {every: 1d, on: "tag:prod", report: issue}
        limits: {parallel: 20, projects: 300}
        """;

    [Test]
    public async Task Every_field_is_read()
    {
        var reading = RepositoryReader.Read(Encoding.UTF8.GetBytes(Full));
        await Assert.That(string.Join('\n', reading.Errors)).IsEqualTo("");
        var read = reading.Configuration!;
        var (prod, app, net) = (read.Projects[2].Settings, read.Projects[3].Settings, read.Projects[4].Settings);
        await Assert.That((read.Version, read.Tool, read.Projects.Count, read.Projects[2].Line)).IsEqualTo((1, ProjectTool.OpenTofu, 5, 6));
        await Assert.That(prod.Tags!.Single()).IsEqualTo("prod");
        await Assert.That((prod.Roles!.Plan, prod.Roles.Apply))
            .IsEqualTo(("arn:aws:iam::222222222222:role/tf-plan", "arn:aws:iam::222222222222:role/tf-apply"));
        await Assert.That((prod.Secrets!.Plan.Count, prod.Secrets.Apply.Single())).IsEqualTo((0, "aws:::ssm:/deploy/prod/token"));
        await Assert.That(prod.Apply!.Needs!).IsEquivalentTo([new ApplyNeed("approvals", 2), new("codeowners"), new("checks")]);
        await Assert.That((prod.Apply.By!.Single(), prod.Apply.On)).IsEqualTo(("team:sre", ApplyMoment.Comment));
        await Assert.That((prod.BackendConfig!.Single(), prod.Timeout, prod.Target))
            .IsEqualTo(("env/prod.s3.tfbackend", TimeSpan.FromMinutes(45), ExecutionTarget.CodeBuild));
        await Assert.That((string.Join(' ', app.Workspaces!), app.Vars!.Single(), app.Apply!.On))
            .IsEqualTo(("eu us", "env/{workspace}.tfvars", ApplyMoment.Merge));
        await Assert.That((app.Secrets!.Plan.Count, app.Secrets.Apply.Single())).IsEqualTo((0, "aws:::ssm:/deploy/token"));
        await Assert.That((net.After!.Single(), net.Also!.Single())).IsEqualTo(("infra/prod/vpc", "../shared/*.json"));
        await Assert.That(read.Steps.Plan).IsEquivalentTo([new Step("init", null), new("plan", null), new(null, "tflint")]);
        await Assert.That(read.Policies.Single()).IsEqualTo(new PolicySource { From = "acme/policies@4f1c2d9", On = "tag:prod" });
        await Assert.That((read.Modules.GitToken, read.Forks.Plan, read.Drift!.Every, read.Drift.On, read.Drift.Report))
            .IsEqualTo(("aws:::ssm:/deploy/github/modules", false, TimeSpan.FromDays(1), "tag:prod", "issue"));
        await Assert.That(read.Limits).IsEqualTo(new ChangeLimits { Parallel = 20, Projects = 300 });
    }

    [Test]
    public async Task All_errors_are_told_at_once_with_line_and_remedy()
    {
        var reading = RepositoryReader.Read(Encoding.UTF8.GetBytes("""
            version: 2
            toool: tofu
            tags: [a]
            projects:
              infra/**:
                tag: [prod]
                timeout: 45
                roles: {plan: tf-plan}
                apply: {need: [checks], on: push}
                needs: [checks]
              /abs: {}
              a:
                vars: ["env/{stage}.tfvars", /etc/x]
                secrets: [nowhere]
                workspaces: ["a b"]
            steps:
              plan: [init, pln]
              apply: [init, plan]
            policies: [{from: acme/policies@main}, {on: "tag:"}]
            drift: {every: 5m}
            limits: {parallel: 0}
            """));
        string[] expected =
        [
            "1: version: is 2, and this version of iac-ci reads 1", "2: toool: is not a known field; did you mean tool?",
            "3: tags: is not a known field; tags is a setting of projects",
                "6: projects.infra/**.tag: is not a known field; did you mean tags?",
            "7: projects.infra/**.timeout: must be a time from", "8: projects.infra/**.roles.plan",
                "9: projects.infra/**.apply.need: is not a known field; did you mean needs?",
            "9: projects.infra/**.apply.on: must be \"comment\" or \"merge\"",
                "10: projects.infra/**.needs: is not a known field; needs belongs into apply",
            "11: projects./abs: begins with '/'", "13: projects.a.vars[0]: holds \"{stage}\"",
                "13: projects.a.vars[1]: is a path of one machine",
            "14: projects.a.secrets[0]: is not a location", "15: projects.a.workspaces[0]",
                "17: steps.plan[1]: \"pln\" is not a step; did you mean plan?",
            "18: steps.apply: has no step apply", "18: steps.apply: has the step plan", "19: policies[0].from",
                "19: policies[1].from: is missing",
            "19: policies[1].on: \"tag:\" names no tag", "20: drift.every: must be a time from 1h00m",
                "21: limits.parallel: must be a whole number from 1",
        ];
        var said = string.Join('\n', reading.Errors.Select(error => error.ToString("")[1..]));
        await Assert.That(expected.Where(one => !said.Contains(one, StringComparison.Ordinal))).IsEmpty().Because(said);
        await Assert.That(reading.Configuration).IsNull();
    }

    [Test]
    [Arguments("[]", "must be a map of fields")]
    [Arguments("a: b: c", "is not valid YAML")]
    [Arguments("", "is empty")]
    [Arguments("projects: [a]", "must be a map of patterns and settings")]
    [Arguments("version: 1\n---\nversion: 1", "second document")]
    public async Task What_is_no_configuration_is_refused(string text, string message)
    {
        await Assert.That(RepositoryReader.Read(Encoding.UTF8.GetBytes(text)).Errors[0].Message).Contains(message);
    }

    [Test]
    public async Task Size_and_aliases_are_bounded()
    {
        var big = RepositoryReader.Read(Encoding.UTF8.GetBytes("# " + new string('x', 16 << 20)));
        await Assert.That(big.Errors[0].Message).Contains("at most 1,048,576 are read");
        var bomb = new StringBuilder("x-0: &a0 [a, a, a, a, a, a, a, a, a, a]\n");
        for (var i = 1; i < 12; i++)
        {
            bomb.Append(
                System.Globalization.CultureInfo.InvariantCulture,
                    $"x-{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}, *a{i - 1}, *a{i - 1}, *a{i - 1}, *a{i - 1}, *a{i - 1}]\n");
        }

        await Assert.That(RepositoryReader.Read(Encoding.UTF8.GetBytes(bomb.ToString())).Errors[0].Message).Contains("aliases");
    }

    /// <summary>What Ajv, a validator of other people's, says of the schema and of configurations: the same as the reader.</summary>
    [Test]
    public async Task Ajv_takes_and_refuses_what_the_reader_does()
    {
        string[] good =
        [
            "{}", """{"version": 1}""", """{"$schema": "https://example.org/x", "x-notes": [1]}""",
                """{"projects": {"a": null, "b": {}}}""",
            """{"projects": {"a": {"apply": {"needs": []}, "timeout": "1h30m", "secrets": {"plan": [], "apply": ["env:A"]}}}}""",
            """{"steps": {"plan": ["init", "validate", "plan", {"run": "x"}]}}""", """{"drift": {"every": "12h"}}""",
        ];
        string[] bad =
        [
            "[]", """{"version": 2}""", """{"tool": "pulumi"}""", """{"colour": 1}""", """{"projects": []}""",
                """{"projects": {"/a": {}}}""",
            """{"projects": {"a": {"x": 1}}}""", """{"projects": {"a": {"timeout": 45}}}""", """{"projects": {"a": {"timeout": "soon"}}}""",
            """{"projects": {"a": {"workspaces": []}}}""", """{"projects": {"a": {"target": "ec2"}}}""",
                """{"projects": {"a": {"roles": {"plan": "x"}}}}""",
            """{"projects": {"a": {"apply": {"needs": ["luck"]}}}}""", """{"projects": {"a": {"apply": {"needs": [{"approvals": 0}]}}}}""",
            """{"steps": {"plan": []}}""", """{"steps": {"plan": ["plan", {"run": " "}]}}""", """{"policies": [{}]}""",
                """{"policies": [{"from": "a/b@main"}]}""",
            """{"drift": {}}""", """{"drift": {"every": "1d", "report": "mail"}}""", """{"limits": {"parallel": 0}}""",
                """{"forks": {"plan": "yes"}}""",
        ];
        string[] full = [ToJson(Full)];
        var verdicts = await Ajv.AskAsync(JsonNode.Parse(RepositorySchema.Text())!, [.. good, .. full, .. bad]);
        await Assert.That(verdicts.Take(good.Length + 1).All(verdict => verdict)).IsTrue().Because(string.Join(' ', verdicts));
        await Assert.That(bad.Zip(verdicts.Skip(good.Length + 1)).Where(pair => pair.Second).Select(pair => pair.First)).IsEmpty();
        await Assert.That(good.Where(text => RepositoryReader.Read(Encoding.UTF8.GetBytes(text)).Configuration is null)).IsEmpty();
        await Assert.That(bad.Where(text => RepositoryReader.Read(Encoding.UTF8.GetBytes(text)).Configuration is not null)).IsEmpty();
    }

    [Test]
    public async Task Of_rules_that_fit_the_most_specific_counts_for_each_setting()
    {
        var read = RepositoryReader.Read("""
            projects:
              infra/prod/app: {tags: [app]}
              "**": {tags: [all], timeout: 1m, vars: [a.tfvars]}
              infra/prod/**: {timeout: 3m}
              infra/**: {timeout: 2m, vars: [b.tfvars]}
            """u8.ToArray()).Configuration!;
        var settings = SettingsOf.Folder("infra/prod/app", read.Projects);
        await Assert.That((settings.Tags!.Single(), settings.Timeout, settings.Vars!.Single()))
            .IsEqualTo(("app", TimeSpan.FromMinutes(3), "b.tfvars"));
        settings = SettingsOf.Folder("other", read.Projects);
        await Assert.That((settings.Tags!.Single(), settings.Timeout)).IsEqualTo(("all", TimeSpan.FromMinutes(1)));
    }

    private static string ToJson(string yaml)
    {
        return Write(YamlNodes.Read(yaml))!.ToJsonString();

        static JsonNode? Write(Node node) => node switch
        {
            MapNode map => new JsonObject(map.Members.Select(member => KeyValuePair.Create(member.Key, Write(member.Value)))),
            ListNode list => new JsonArray([.. list.Items.Select(Write)]),
            ScalarNode { Kind: ScalarKind.Text } text => text.Text,
            ScalarNode scalar => JsonNode.Parse(scalar.Kind == ScalarKind.Null ? "null" : scalar.Text),
            _ => null,
        };
    }
}
