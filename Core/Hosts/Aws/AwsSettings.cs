using System.Globalization;
using IacCi.Core.Intake;
using IacCi.Core.Intake.Webhooks;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws;

/// <summary>
/// What the environment says about the AWS side of the engine. Each value is asked for only when a role needs it, so a role needs no
/// variable of another.
/// </summary>
/// <param name="variable">Gives a variable of the environment, or null.</param>
internal sealed class AwsSettings(Func<string, string?> variable)
{
    /// <summary>The variable of <see cref="OrdersTable"/>.</summary>
    public const string OrdersTableVariable = "IAC_CI_ORDERS_TABLE";

    /// <summary>The variable of <see cref="EventsTable"/>.</summary>
    public const string EventsTableVariable = "IAC_CI_ORDER_EVENTS_TABLE";

    /// <summary>The variable of <see cref="LocksTable"/>.</summary>
    public const string LocksTableVariable = "IAC_CI_LOCKS_TABLE";

    /// <summary>The variable of <see cref="InternalBucket"/>.</summary>
    public const string InternalBucketVariable = "IAC_CI_INTERNAL_BUCKET";

    /// <summary>The variable of <see cref="DoneBucket"/>.</summary>
    public const string DoneBucketVariable = "IAC_CI_DONE_BUCKET";

    /// <summary>The variable of <see cref="WorkerLambda"/>.</summary>
    public const string WorkerLambdaVariable = "IAC_CI_WORKER_LAMBDA";

    /// <summary>The variable of <see cref="OrchestrateLambda"/>.</summary>
    public const string OrchestrateLambdaVariable = "IAC_CI_ORCHESTRATE_LAMBDA";

    /// <summary>The variable of <see cref="CodeBuildProject"/>.</summary>
    public const string CodeBuildProjectVariable = "IAC_CI_CODEBUILD_PROJECT";

    /// <summary>The variable of <see cref="WatchdogStateMachine"/>.</summary>
    public const string WatchdogVariable = "IAC_CI_WATCHDOG_SFN";

    /// <summary>The variable of <see cref="WebhookSecretLocation"/>.</summary>
    public const string WebhookSecretVariable = "IAC_CI_WEBHOOK_SECRET_LOCATION";

    /// <summary>The variable of <see cref="JobParameters"/>.</summary>
    public const string JobParametersVariable = "IAC_CI_JOB_SSM_PREFIXES";

    /// <summary>The variable of <see cref="JobSecrets"/>.</summary>
    public const string JobSecretsVariable = "IAC_CI_JOB_SECRET_PREFIXES";

    /// <summary>The variable of <see cref="VcsParameters"/>.</summary>
    public const string VcsParametersVariable = "IAC_CI_VCS_SSM_PREFIXES";

    /// <summary>The variable of <see cref="VcsSecrets"/>.</summary>
    public const string VcsSecretsVariable = "IAC_CI_VCS_SECRET_PREFIXES";

    /// <summary>The variable of <see cref="CodeLocations"/>.</summary>
    public const string CodeLocationsVariable = "IAC_CI_CODE_LOCATIONS";

    /// <summary>The variable of <see cref="ReaderRole"/>.</summary>
    public const string ReaderRoleVariable = "IAC_CI_READER_ROLE";

    private const string OrdersTableEnding = "-orders", OrchestrateEnding = "-orchestrate";
    private const string DefaultDeployment = "iac-ci";

    /// <summary>The variable of <see cref="RecordRetention"/>.</summary>
    public const string RecordDaysVariable = "IAC_CI_RECORD_DAYS";

    /// <summary>The most days that records can be kept: ten years.</summary>
    public const int MaxRecordDays = 3_650;

    /// <summary>The table of jobs and orders.</summary>
    public string OrdersTable => Need(OrdersTableVariable, "the name of the DynamoDB table of orders");

    /// <summary>The table of events.</summary>
    public string EventsTable => Need(EventsTableVariable, "the name of the DynamoDB table of order events");

    /// <summary>The table of lock items.</summary>
    public string LocksTable => Need(LocksTableVariable, "the name of the DynamoDB table of locks");

    /// <summary>The bucket of plans, bundles, claims and results.</summary>
    public string InternalBucket => Need(InternalBucketVariable, "the name of the engine's own S3 bucket");

    /// <summary>The bucket of done objects.</summary>
    public string DoneBucket => Need(DoneBucketVariable, "the name of the S3 bucket for done objects");

    /// <summary>The name or ARN of the worker's function.</summary>
    public string WorkerLambda => Need(WorkerLambdaVariable, "the name or ARN of the worker's Lambda function");

    /// <summary>The name or ARN of the function that wakes runs: by the names of a deployment, when nothing else is said.</summary>
    public string OrchestrateLambda => Find(OrchestrateLambdaVariable) ?? (NamedDeployment is { } deployment
        ? deployment + OrchestrateEnding
        : throw new UserException(
            $"the variable {OrchestrateLambdaVariable} is not set; set it to the name or ARN of the orchestrate function, as Terraform's "
                + $"output shell_environment does ({OrdersTableVariable} would tell its name, but does not end in {OrdersTableEnding})"));

    /// <summary>The name of the worker's project.</summary>
    public string CodeBuildProject => Need(CodeBuildProjectVariable, "the name of the worker's CodeBuild project");

    /// <summary>The ARN of the watchdog's state machine.</summary>
    public string WatchdogStateMachine => Need(WatchdogVariable, "the ARN of the watchdog's Step Functions state machine");

    /// <summary>Where the secret is that signs requests; null when requests are not signed.</summary>
    public string? WebhookSecretLocation => Find(WebhookSecretVariable);

    /// <summary>What a signed request has to hold.</summary>
    public ReplayRules ReplayRules => ReplayRules.Parse(Find(ReplayRules.Variable));

    /// <summary>Paths of SSM that <c>ssm_paths</c> and <c>sops_key_ssm_path</c> of jobs may name.</summary>
    public IReadOnlyList<string> JobParameters => List(JobParametersVariable, IsPathPrefix, "/iac-ci/jobs/") ?? [$"/{Deployment}/jobs/"];

    /// <summary>Beginnings of names that <c>secret_manager_paths</c> of jobs may name.</summary>
    public IReadOnlyList<string> JobSecrets => List(JobSecretsVariable, IsNamePrefix, "iac-ci/jobs/") ?? [$"{Deployment}/jobs/"];

    /// <summary>Paths of SSM that <c>git_token_location</c> and <c>git_ssh_key_location</c> of jobs may name.</summary>
    public IReadOnlyList<string> VcsParameters => List(VcsParametersVariable, IsPathPrefix, "/iac-ci/vcs/") ?? [$"/{Deployment}/vcs/"];

    /// <summary>Beginnings of names of secrets that <c>git_token_location</c> and <c>git_ssh_key_location</c> of jobs may name.</summary>
    public IReadOnlyList<string> VcsSecrets => List(VcsSecretsVariable, IsNamePrefix, "iac-ci/vcs/") ?? [$"{Deployment}/vcs/"];

    /// <summary>
    /// Buckets, or <c>bucket/prefix/</c>, that <c>s3_location</c> of orders may name beside <c>tmp/source/</c> of the internal bucket.
    /// </summary>
    public IReadOnlyList<string> CodeLocations => List(CodeLocationsVariable, IsCodeLocation, "my-code, or my-code/releases/") ?? [];

    /// <summary>
    /// The ARN of the role that reads what jobs name, and may read nothing else; null when the process reads it with its own credentials.
    /// </summary>
    /// <exception cref="UserException">It is no ARN of a role.</exception>
    public string? ReaderRole => Find(ReaderRoleVariable) is not { } arn || IsRole(arn)
        ? Find(ReaderRoleVariable)
        : throw new UserException(
            $"the variable {ReaderRoleVariable} is {Printable.Word(arn)}, which is no ARN of a role; "
                + "write for example arn:aws:iam::123456789012:role/iac-ci-reader");

    /// <summary>How long the records of jobs and orders are kept.</summary>
    /// <exception cref="UserException">It is no number of days.</exception>
    public TimeSpan RecordRetention => Find(RecordDaysVariable) is not { } days ? Planning.DefaultRetention
        : int.TryParse(days, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number is >= 1 and <= MaxRecordDays ? TimeSpan.FromDays(number)
        : throw new UserException($"the variable {RecordDaysVariable} is '{days}'; set it to a number of days from 1 to {MaxRecordDays}");

    /// <summary>The names of the tables.</summary>
    /// <exception cref="UserException">One is missing.</exception>
    public DynamoTables Tables => new(OrdersTable, EventsTable, LocksTable);

    /// <summary>What the names of a deployment begin with, found in one of them.</summary>
    private string Deployment => NamedDeployment ?? DefaultDeployment;

    private string? NamedDeployment =>
        Find(OrdersTableVariable) is { } table && table.EndsWith(OrdersTableEnding, StringComparison.Ordinal)
            && table.Length > OrdersTableEnding.Length
        ? table[..^OrdersTableEnding.Length]
        : null;

    private static bool IsRole(string text) =>
        text.Split(':', 6) is ["arn", { Length: > 0 }, "iam", "", { Length: > 0 }, var name]
        && name.StartsWith("role/", StringComparison.Ordinal) && name.Length > "role/".Length;

    private static bool IsPathPrefix(string text) =>
        text.Length > 2 && text[0] == '/' && text[^1] == '/' && !text.Contains("//", StringComparison.Ordinal);

    private static bool IsNamePrefix(string text) => text.Length > 1 && text[0] != '/' && text[^1] == '/';

    private static bool IsCodeLocation(string text) =>
        text[0] != '/' && (!text.Contains('/') || text[^1] == '/') && !text.Contains("//", StringComparison.Ordinal);

    /// <summary>
    /// The entries of a list, with commas or blanks between them; null when the variable is not set. One that is set and empty allows
    /// nothing.
    /// </summary>
    private List<string>? List(string name, Func<string, bool> isEntry, string example)
    {
        if (variable(name) is not { } text)
        {
            return null;
        }

        List<string> entries =
            [.. text.Split([',', ' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
        return entries.FirstOrDefault(entry => !isEntry(entry) || entry.AsSpan().ContainsAny("*?")) is { } wrong
            ? throw new UserException(
                $"the variable {name} has the entry {Printable.Word(wrong)}, which allows nothing or everything; write for example " +
                    $"{example}")
            : entries;
    }

    private string? Find(string name) => variable(name) is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;

    private string Need(string name, string meaning) =>
        Find(name) ?? throw new UserException($"the variable {name} is not set; set it to {meaning}");
}

/// <summary>The names of the engine's tables.</summary>
/// <param name="Orders">Jobs and orders.</param>
/// <param name="Events">Events.</param>
/// <param name="Locks">Lock items.</param>
internal sealed record DynamoTables(string Orders, string Events, string Locks);
