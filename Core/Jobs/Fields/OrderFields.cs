using IacCi.Core.Model;
using IacCi.Core.Secrets;

namespace IacCi.Core.Jobs.Fields;

/// <summary>The fields of an order.</summary>
internal static class OrderFields
{
    /// <summary>Stands in for an order that could not be read at all, so that the others keep their places.</summary>
    public static readonly Order Unread = new() { Cmds = [], Timeout = 0 };

    private static readonly TextType NameShape = new(JobLimits.MaxNameLength, TextRules.Name);

    private static readonly Dictionary<string, ExecutionTarget> TargetWords = new(StringComparer.Ordinal)
    {
        ["codebuild"] = ExecutionTarget.CodeBuild,
        ["lambda"] = ExecutionTarget.Lambda,
    };

    public static readonly FieldTable<Order> Table = new(
        [
            new(
                "order_name", NameShape, order => order.OrderName,
                "The name people see. Unique in the job; without one, queue_id, or order-0001 by its place in the list."),
            new("queue_id", NameShape, order => order.QueueId, "The caller's own id for the order. Unique in the job."),
            new("cmds", Texts(new CommandType(), 1, JobLimits.MaxCommands, "commands"), order => order.Cmds,
                "The commands, run one after the other by /bin/sh -c; the first that fails ends the order.") { Required = true },
            new("timeout", new NumberType(1, JobLimits.MaxJobTimeoutSeconds, " seconds"), order => order.Timeout,
                "How long the commands may run altogether, in seconds. At most job_timeout; on lambda at most 840 together with " +
                    "stop_grace.") { Required =
                    true },
            new(
                "stop_signal", SharedTypes.StopSignal, order => order.StopSignal,
                "The signal that asks its commands to end, instead of the job's: INT or TERM."),
            new(
                "stop_grace", SharedTypes.StopGrace, order => order.StopGrace,
                "How long its commands have to end after that signal, in seconds, instead of the job's."),
            new(
                "dependencies", Texts(new TextType(JobLimits.MaxNameLength), 0, JobLimits.MaxDependencies, "orders"),
                order => order.Dependencies,
                "The orders that have to be settled before it starts, each by its queue_id or order_name."),
            new("must_succeed", new FlagType(), order => order.MustSucceed,
                "Whether the job, and the orders behind it, fail when it does.") { Default = true },
            new("retries", new NumberType(0, JobLimits.MaxRetries, ""), order => order.Retries,
                "How many times the worker runs the command list again after a failure, within the timeout.") { Default = 0 },
            new("execution_target", new ChoiceType<ExecutionTarget>(TargetWords), order => order.ExecutionTarget,
                "Where it runs on AWS; codebuild when nothing is said. On one machine it makes no difference."),
            new(
                "use_lambda", new FlagType(), order => order.UseLambda,
                "The older way to say it: true is execution_target lambda, false is codebuild."),
            new(
                "git_repo", SharedTypes.Repo, order => order.GitRepo,
                "Its own repository, instead of the job's: owner/name; on one machine also a path or a URL."),
            new("git_folder", new TextType(1_024, TextRules.Folder, @"^[^/\\-][^\\]*$"), order => order.GitFolder,
                "The folder of the repository in which the commands run."),
            new(
                "commit_hash", SharedTypes.Commit, order => order.CommitHash,
                "The commit to take, instead of the job's: 7 to 64 hex digits."),
            new("s3_location", TextType.Of(TextRules.S3(), 1_100, "write s3://bucket/key"), order => order.S3Location,
                "A zip of the code instead of a repository: s3://bucket/key."),
            new(
                "env_vars", new VariablesType(), order => order.EnvVars,
                "Variables for the commands. Numbers and bools are taken as the text they are written as."),
            new("ssm_paths", Secrets(TextRules.SsmVariable, SecretLocation.TryParseSsm, "SSM paths"), order => order.SsmPaths,
                "SSM parameters. Each becomes a variable named after the last part of its path: /prod/db-password becomes DB_PASSWORD."),
            new(
                "secret_manager_paths", Secrets(TextRules.SecretVariable, SecretLocation.TryParseSecret, "secrets"),
                order => order.SecretManagerPaths,
                "Secrets of Secrets Manager, by name or ARN. Each becomes a variable like those of ssm_paths; one whose value is a JSON " +
                    "object of strings becomes a variable per member."),
            new(
                "sops_key", TextType.Of(TextRules.Recipient(), 62, "write an age recipient: age1 and 58 lower-case letters and digits"),
                order => order.SopsKey,
                "An age recipient to encrypt the order's secrets to, instead of one that is made for the run."),
            new("sops_key_ssm_path", new TextType(SecretLocation.MaxNameLength, TextRules.SsmPath), order => order.SopsKeySsmPath,
                "The SSM parameter in which the worker finds the identity for sops_key."),
            new("workspace", SharedTypes.Workspace, order => order.Workspace, "As the job's, for this order alone."),
            new("keep_changes", SharedTypes.KeepChanges, order => order.KeepChanges, "As the job's, for this order alone."),
        ],
        name => JobFields.IsField(name) ? $"{name} is a field of the job; move it out of orders" : null);

    public static Order Build(Values values) => new()
    {
        OrderName = values.Get<string>("order_name"),
        QueueId = values.Get<string>("queue_id"),
        Cmds = values.Get<string[]>("cmds") ?? [],
        Timeout = values.GetValue<int>("timeout") ?? 0,
        StopSignal = values.GetValue<StopSignal>("stop_signal"),
        StopGrace = values.GetValue<int>("stop_grace"),
        Dependencies = values.Get<string[]>("dependencies") ?? [],
        MustSucceed = values.GetValue<bool>("must_succeed") ?? true,
        Retries = values.GetValue<int>("retries") ?? 0,
        ExecutionTarget = values.GetValue<ExecutionTarget>("execution_target"),
        UseLambda = values.GetValue<bool>("use_lambda"),
        GitRepo = values.Get<string>("git_repo"),
        GitFolder = values.Get<string>("git_folder"),
        CommitHash = values.Get<string>("commit_hash")?.ToLowerInvariant(),
        S3Location = values.Get<string>("s3_location"),
        EnvVars = values.Get<Dictionary<string, string>>("env_vars") ?? Unread.EnvVars,
        SsmPaths = values.Get<string[]>("ssm_paths") ?? [],
        SecretManagerPaths = values.Get<string[]>("secret_manager_paths") ?? [],
        SopsKey = values.Get<string>("sops_key"),
        SopsKeySsmPath = values.Get<string>("sops_key_ssm_path"),
        Workspace = values.GetValue<Workspace>("workspace"),
        KeepChanges = values.GetValue<KeepChanges>("keep_changes"),
    };

    private static ListType<string> Texts(FieldType item, int min, int max, string what) => new(item, min, max, what, placeholder: "");

    private delegate bool Parse(string text, out SecretLocation location);

    private static ListType<string> Secrets(TextRule rule, Parse parse, string what) =>
        new(
            new TextType(SecretLocation.MaxNameLength, rule), 0, JobLimits.MaxSecrets, what, placeholder: "",
            (entries, node, diagnostics) =>
        {
            var first = new Dictionary<string, string>(StringComparer.Ordinal);
            for (var i = 0; i < entries.Count; i++)
            {
                if (parse(entries[i], out var location) && location.Variable is { } variable && !first.TryAdd(variable, entries[i]))
                {
                    diagnostics.Add(
                        node.Item(i),
                        $"becomes the variable {variable}, as {Jobs.Parsing.Diagnostics.Quote(first[variable])} does; remove one, or " +
                            $"rename it");
                }
            }
        });
}
