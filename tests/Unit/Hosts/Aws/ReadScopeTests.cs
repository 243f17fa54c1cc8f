using IacCi.Core.Hosts.Aws;
using IacCi.Core.Hosts.Aws.Access;
using IacCi.Core.Secrets;
using IacCi.Core.Text;
using JobsGiven = IacCi.Tests.Unit.Jobs.JobSamples;

namespace IacCi.Tests.Unit.Hosts.Aws;

/// <summary>What the engine reads in the name of a job, and what it does not.</summary>
internal sealed class ReadScopeTests
{
    private const string Account = "eu-central-1:123456789012";

    private static readonly ReadScope Scope = new()
    {
        JobParameters = ["/team/", "/iac-ci/jobs/"],
        JobSecrets = ["team/", "iac-ci/jobs/"],
        VcsParameters = ["/iac-ci/vcs/", "/team/vcs/"],
        VcsSecrets = ["iac-ci/vcs/"],
        CodeLocations = ["whole-bucket", "my-code/releases/", "internal"],
        InternalBucket = "internal",
        WebhookSecret = new SecretLocation(SecretKeeper.Ssm, "/iac-ci/webhook-secret"),
    };

    /// <summary>A scope whose prefixes cover the engine's own: what is the engine's stays the engine's.</summary>
    private static readonly ReadScope Wide =
        Scope with { JobParameters = ["/iac-ci/"], VcsParameters = ["/iac-ci/"], JobSecrets = ["hooks/"], };

    [Test]
    [Arguments("/iac-ci/jobs/db")]
    [Arguments("/team/a/b/c")]
    [Arguments("aws:::ssm:/team/db")]
    [Arguments("team/db")]
    [Arguments($"arn:aws:ssm:{Account}:parameter/team/db")]
    [Arguments($"aws:::ssm:arn:aws:ssm:{Account}:parameter/team/db")]
    public async Task Below_a_prefix_of_jobs_a_parameter_is_read(string path) => await Assert.That(Problems(Ssm(path))).IsEmpty();

    [Test]
    [Arguments("/iac-ci/webhook-secret")]
    [Arguments("iac-ci/webhook-secret")]
    [Arguments("/IAC-CI/webhook-secret")]
    [Arguments("/iac-ci/jobs")]
    [Arguments("/iac-ci/jobs/")]
    [Arguments("/iac-ci/jobsabc/x")]
    [Arguments("/iac-ci/vcs/token")]
    [Arguments("/team/vcs/token")]
    [Arguments("/iac-ci/sops-keys/other-run")]
    [Arguments("/iac-ci/jobs/../webhook-secret")]
    [Arguments("/iac-ci/jobs/./../sops-keys/r")]
    [Arguments("/iac-ci/jobs//x")]
    [Arguments("//iac-ci/jobs/x")]
    [Arguments("/aws/reference/secretsmanager/prod")]
    [Arguments("/prod/db")]
    [Arguments($"arn:aws:ssm:{Account}:parameter/iac-ci/webhook-secret")]
    [Arguments($"arn:aws:ssm:{Account}:parameter/iac-ci/jobs/../webhook-secret")]
    [Arguments($"arn:aws:ssm:{Account}:document/team/db")]
    [Arguments($"aws:::ssm:arn:aws:ssm:{Account}:parameter/iac-ci/sops-keys/r")]
    [Arguments("arn:aws:x:y:z/team/db:ssm:parameter/team/x")]
    public async Task Any_other_parameter_is_refused_in_every_spelling(string path)
    {
        var problem = Problems(Ssm(path)).Single();
        await Assert.That(problem).Contains("orders[0].ssm_paths[0]: ");
        await Assert.That(
            Problems(
                $$"""{"orders":[{"cmds":["a"],"timeout":5,"sops_key":"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p","sops_key_ssm_path":"{{path}}"}]}""")
                .Single())
            .StartsWith("orders[0].sops_key_ssm_path: ");
    }

    [Test]
    [Arguments("iac-ci/jobs/db")]
    [Arguments("aws:::secretd:team/db")]
    [Arguments($"arn:aws:secretsmanager:{Account}:secret:team/db-AbCdEf")]
    public async Task Below_a_prefix_of_jobs_a_secret_is_read(string name) => await Assert.That(Problems(Secret(name))).IsEmpty();

    [Test]
    [Arguments("iac-ci/vcs/token")]
    [Arguments("/team/db")]
    [Arguments("prod/db")]
    [Arguments("team/../iac-ci/vcs/token")]
    [Arguments("Team/db")]
    [Arguments($"arn:aws:secretsmanager:{Account}:secret:iac-ci/vcs/token-AbCdEf")]
    [Arguments($"arn:aws:secretsmanager:{Account}:replica:team/db")]
    public async Task Any_other_secret_is_refused_in_every_spelling(string name) =>
        await Assert.That(Problems(Secret(name)).Single()).StartsWith("orders[0].secret_manager_paths[0]: ");

    [Test]
    [Arguments("aws:::ssm:/iac-ci/vcs/token", true)]
    [Arguments("aws:::secretd:iac-ci/vcs/token", true)]
    [Arguments("aws:::ssm:/team/vcs/token", true)]
    [Arguments("aws:::ssm:/team/db", false)]
    [Arguments("aws:::secretd:team/db", false)]
    [Arguments("aws:::ssm:/iac-ci/webhook-secret", false)]
    [Arguments("aws:::ssm:/iac-ci/vcs/../sops-keys/r", false)]
    public async Task A_git_token_and_a_git_key_are_read_below_the_prefixes_of_git(string location, bool allowed)
    {
        foreach (var field in new[] { "git_token_location", "git_ssh_key_location" })
        {
            var problems = Problems(
                $$"""{"{{field}}":"{{location}}","git_repo":"o/r","username":"me","pr_number":1,"orders":[{"cmds":["a"],"timeout":5}]}""");
            await Assert.That(problems.Count).IsEqualTo(allowed ? 0 : 1);
            await Assert.That(problems.All(problem => problem.StartsWith($"{field}: ", StringComparison.Ordinal))).IsTrue();
        }
    }

    [Test]
    [Arguments("s3://internal/tmp/source/code.zip", true)]
    [Arguments("s3://internal/tmp/source/a/b.zip", true)]
    [Arguments("s3://whole-bucket/any/where.zip", true)]
    [Arguments("s3://my-code/releases/1.zip", true)]
    [Arguments("s3://my-code/other/1.zip", false)]
    [Arguments("s3://my-code/releases", false)]
    [Arguments("s3://my-code/releases/../other/1.zip", false)]
    [Arguments("s3://my-code/releases/%2e%2e/other/1.zip", false)]
    [Arguments("s3://my-code/releases/%252E%252e%252fother/1.zip", false)]
    [Arguments("s3://my-code/releases/..%5Cother", false)]
    [Arguments("s3://whole-bucket-2/any.zip", false)]
    [Arguments("s3://internal/tmp/exec/other/0001/exec.zip", false)]
    [Arguments("s3://internal/tmp/source/../exec/other/0001/exec.zip", false)]
    [Arguments("s3://internal/tmp/source/%2E./exec/other/0001/exec.zip", false)]
    [Arguments("s3://internal/tmp/source//x.zip", false)]
    [Arguments("s3://internal/tmp/source/", false)]
    [Arguments("s3://internal/tmp/Source/x.zip", false)]
    [Arguments("s3://internal/graph.json", false)]
    public async Task Code_is_read_from_where_callers_put_it_and_from_listed_buckets(string location, bool allowed)
    {
        await Assert.That(Scope.ProblemOfCode(location) is null).IsEqualTo(allowed);
        await Assert.That(Problems($$"""{"orders":[{"cmds":["a"],"timeout":5,"s3_location":"{{location}}"}]}""").Count)
            .IsEqualTo(allowed ? 0 : 1);
    }

    [Test]
    public async Task The_engines_own_is_refused_although_a_prefix_covers_it()
    {
        foreach (var path in new[] { "/iac-ci/webhook-secret", "/IAC-CI/Webhook-Secret",
            $"arn:aws:ssm:{Account}:parameter/iac-ci/webhook-secret:2" })
        {
            var location = new SecretLocation(SecretKeeper.Ssm, path);
            foreach (var purpose in Enum.GetValues<ReadPurpose>())
            {
                await Assert.That(Wide.ProblemOf(location, purpose)).Contains("belongs to the engine itself");
            }
        }

        var hooked = Wide with { WebhookSecret = new SecretLocation(SecretKeeper.SecretsManager, "hooks/ours") };
        await Assert.That(
            hooked.ProblemOf(
                new SecretLocation(SecretKeeper.SecretsManager, $"arn:aws:secretsmanager:{Account}:secret:hooks/ours-AbCdEf"),
                ReadPurpose.OrderSecret))
            .Contains("the engine itself");
        await Assert.That(
            hooked.ProblemOf(new SecretLocation(SecretKeeper.SecretsManager, "hooks/ours-and-theirs"), ReadPurpose.OrderSecret))
            .IsNull();
        await Assert.That(Wide.ProblemOf(new SecretLocation(SecretKeeper.Ssm, "/iac-ci/anything"), ReadPurpose.OrderSecret)).IsNull();
        await Assert.That(
            Scope.ProblemOf(new SecretLocation(SecretKeeper.Ssm, $"arn:aws-cn:ssm:{Account}:parameter/team/db:3"), ReadPurpose.OrderSecret))
            .IsNull();
    }

    [Test]
    public async Task The_keys_of_orders_lie_in_a_folder_of_their_own_and_no_order_is_given_one()
    {
        var key = new SecretLocation(SecretKeeper.Ssm, "/team/sops-keys/ours");
        await Assert.That(Scope.ProblemOf(key, ReadPurpose.OrderKey)).IsNull();
        await Assert.That(Scope.ProblemOf(key, ReadPurpose.OrderSecret)).Contains("kept for the keys of orders");
        await Assert.That(Scope.ProblemOf(new SecretLocation(SecretKeeper.Ssm, "/team/db"), ReadPurpose.OrderKey))
            .Contains("only what is below /team/sops-keys/ or /iac-ci/jobs/sops-keys/");
    }

    [Test]
    public async Task A_refusal_says_what_is_allowed_and_which_setting_allows_more()
    {
        await Assert.That(Problems(Ssm("/prod/db")).Single()).IsEqualTo(
            "orders[0].ssm_paths[0]: '/prod/db' may not be read for this: only what is below /team/ or /iac-ci/jobs/; "
            + "keep it there, or have the operator extend job_ssm_prefixes (IAC_CI_JOB_SSM_PREFIXES)");
        await Assert.That(Scope.ProblemOfCode("s3://other/x.zip"))
            .Contains("code_locations (IAC_CI_CODE_LOCATIONS)").And.Contains("s3://internal/tmp/source/");
    }

    [Test]
    public async Task All_locations_of_a_job_are_looked_at_before_any_is_read()
    {
        var problems = Problems("""
            {"git_token_location": "aws:::ssm:/x/t", "git_repo": "o/r", "username": "me", "pr_number": 1,
             "orders": [{"cmds": ["a"], "timeout": 5, "s3_location": "s3://internal/tmp/exec/r/0001/exec.zip"},
                        {"cmds": ["a"], "timeout": 5, "ssm_paths": ["/team/ok", "/x/y"], "secret_manager_paths": ["z"]}]}
            """);
        await Assert.That(problems.Select(problem => problem.Split(':')[0])).IsEquivalentTo(
            ["git_token_location", "orders[0].s3_location", "orders[1].ssm_paths[1]", "orders[1].secret_manager_paths[0]"]);
    }

    [Test]
    public async Task Without_settings_the_prefixes_are_those_of_the_deployments_name()
    {
        var named = new AwsSettings(name => name == "IAC_CI_ORDERS_TABLE" ? "prod-orders" : null);
        await Assert.That(named.JobParameters.Single()).IsEqualTo("/prod/jobs/");
        await Assert.That(named.JobSecrets.Single()).IsEqualTo("prod/jobs/");
        await Assert.That(named.VcsParameters.Single()).IsEqualTo("/prod/vcs/");
        await Assert.That(named.VcsSecrets.Single()).IsEqualTo("prod/vcs/");
        await Assert.That(named.CodeLocations).IsEmpty();
        await Assert.That(new AwsSettings(_ => null).JobParameters.Single()).IsEqualTo("/iac-ci/jobs/");
    }

    [Test]
    public async Task Settings_are_lists_and_what_would_allow_everything_is_refused()
    {
        await Assert.That(Settings("IAC_CI_JOB_SSM_PREFIXES", "/a/, /b/c/\n").JobParameters).IsEquivalentTo(["/a/", "/b/c/"]);
        await Assert.That(Settings("IAC_CI_JOB_SSM_PREFIXES", "").JobParameters).IsEmpty();
        await Assert.That(Settings("IAC_CI_CODE_LOCATIONS", "b,c/d/").CodeLocations).IsEquivalentTo(["b", "c/d/"]);
        foreach (var (variable, value, read) in ((string, string, Func<AwsSettings, object>)[])
        [
            ("IAC_CI_JOB_SSM_PREFIXES", "/", settings => settings.JobParameters),
            ("IAC_CI_JOB_SSM_PREFIXES", "/a", settings => settings.JobParameters),
            ("IAC_CI_JOB_SSM_PREFIXES", "/a*/", settings => settings.JobParameters),
            ("IAC_CI_JOB_SECRET_PREFIXES", "/a/", settings => settings.JobSecrets),
            ("IAC_CI_VCS_SSM_PREFIXES", "a/", settings => settings.VcsParameters),
            ("IAC_CI_VCS_SECRET_PREFIXES", "a", settings => settings.VcsSecrets),
            ("IAC_CI_CODE_LOCATIONS", "b/no-slash", settings => settings.CodeLocations),
        ])
        {
            var wrong = await Assert.That(() => read(Settings(variable, value))).Throws<UserException>();
            await Assert.That(wrong!.Message).Contains(variable);
        }
    }

    private static AwsSettings Settings(string variable, string value) => new(name => name == variable ? value : null);

    private static string Ssm(string path) => $$"""{"orders":[{"cmds":["a"],"timeout":5,"ssm_paths":["{{path}}"]}]}""";

    private static string Secret(string name) => $$"""{"orders":[{"cmds":["a"],"timeout":5,"secret_manager_paths":["{{name}}"]}]}""";

    /// <summary>As a job file has it; one that gives no variable is as good here, because it is looked at first.</summary>
    private static IReadOnlyList<string> Problems(string job)
    {
        var reading = JobsGiven.Reading(job);
        return reading.IsValid ? Scope.ProblemsOf(reading.Job) : [.. reading.Errors.Select(error => error.ToString().Split("error: ")[^1])];
    }
}
