using IacCi.Core.Model;
using IacCi.Core.Secrets;

namespace IacCi.Core.Jobs.Fields;

/// <summary>The fields of an order.</summary>
internal static class OrderFields
{
    /// <summary>Stands in for an order that could not be read at all, so that the others keep their places.</summary>
    public static readonly Order Unread = Blank();

    private static readonly TextType NameShape = new(JobLimits.MaxNameLength, TextRules.Name);

    private static readonly Dictionary<string, ExecutionTarget> TargetWords = new(StringComparer.Ordinal)
    {
        ["codebuild"] = ExecutionTarget.CodeBuild,
        ["lambda"] = ExecutionTarget.Lambda,
    };

    public static readonly FieldTable<Order> Table = new(
        Blank,
        [
            Field<Order>.Of(
                "order_name", NameShape,
                order => order.OrderName, (order, value) => order with { OrderName = value },
                "The name people see. Unique in the job; without one, queue_id, or order-0001 by its place in the list."),
            Field<Order>.Of(
                "queue_id", NameShape,
                order => order.QueueId, (order, value) => order with { QueueId = value },
                "The caller's own id for the order. Unique in the job."),
            Field<Order>.Of(
                "cmds", Texts(new CommandType(), 1, JobLimits.MaxCommands, "commands"),
                order => order.Cmds, (order, value) => order with { Cmds = value },
                "The commands, run one after the other by /bin/sh -c; the first that fails ends the order.") with { Required = true },
            Field<Order>.Of(
                "timeout", new NumberType(1, JobLimits.MaxJobTimeoutSeconds, " seconds"),
                order => order.Timeout, (order, value) => order with { Timeout = value },
                "How long the commands may run altogether, in seconds. At most job_timeout; on lambda at most 840 together with " +
                    "stop_grace.") with { Required = true },
            Field<Order>.Of(
                "stop_signal", SharedTypes.StopSignal,
                order => order.StopSignal, (order, value) => order with { StopSignal = value },
                "The signal that asks its commands to end, instead of the job's: INT or TERM."),
            Field<Order>.Of(
                "stop_grace", SharedTypes.StopGrace,
                order => order.StopGrace, (order, value) => order with { StopGrace = value },
                "How long its commands have to end after that signal, in seconds, instead of the job's."),
            Field<Order>.Of(
                "dependencies", Texts(new TextType(JobLimits.MaxNameLength), 0, JobLimits.MaxDependencies, "orders"),
                order => order.Dependencies, (order, value) => order with { Dependencies = value },
                "The orders that have to be settled before it starts, each by its queue_id or order_name."),
            Field<Order>.Of(
                "must_succeed", new FlagType(),
                order => order.MustSucceed, (order, value) => order with { MustSucceed = value },
                "Whether the job, and the orders behind it, fail when it does.") with { Default = true },
            Field<Order>.Of(
                "retries", new NumberType(0, JobLimits.MaxRetries, ""),
                order => order.Retries, (order, value) => order with { Retries = value },
                "How many times the worker runs the command list again after a failure, within the timeout.") with { Default = 0 },
            Field<Order>.Of(
                "execution_target", new ChoiceType<ExecutionTarget>(TargetWords),
                order => order.ExecutionTarget, (order, value) => order with { ExecutionTarget = value },
                "Where it runs on AWS; codebuild when nothing is said. On one machine it makes no difference."),
            Field<Order>.Of(
                "use_lambda", new FlagType(),
                order => order.UseLambda, (order, value) => order with { UseLambda = value },
                "The older way to say it: true is execution_target lambda, false is codebuild."),
            Field<Order>.Of(
                "git_repo", SharedTypes.Repo,
                order => order.GitRepo, (order, value) => order with { GitRepo = value },
                "Its own repository, instead of the job's: owner/name; on one machine also a path or a URL."),
            Field<Order>.Of(
                "git_folder", new TextType(1_024, TextRules.Folder, @"^[^/\\-][^\\]*$"),
                order => order.GitFolder, (order, value) => order with { GitFolder = value },
                "The folder of the repository in which the commands run."),
            Field<Order>.Of(
                "commit_hash", SharedTypes.Commit,
                order => order.CommitHash, (order, value) => order with { CommitHash = value?.ToLowerInvariant() },
                "The commit to take, instead of the job's: 7 to 64 hex digits."),
            Field<Order>.Of(
                "s3_location", TextType.Of(TextRules.S3(), 1_100, "write s3://bucket/key"),
                order => order.S3Location, (order, value) => order with { S3Location = value },
                "A zip of the code instead of a repository: s3://bucket/key."),
            Field<Order>.Of(
                "env_vars", new VariablesType(),
                order => order.EnvVars, (order, value) => order with { EnvVars = value },
                "Variables for the commands. Numbers and bools are taken as the text they are written as."),
            Field<Order>.Of(
                "ssm_paths", Secrets(TextRules.SsmVariable, SecretLocation.TryParseSsm, "SSM paths"),
                order => order.SsmPaths, (order, value) => order with { SsmPaths = value },
                "SSM parameters. Each becomes a variable named after the last part of its path: /prod/db-password becomes DB_PASSWORD."),
            Field<Order>.Of(
                "secret_manager_paths", Secrets(TextRules.SecretVariable, SecretLocation.TryParseSecret, "secrets"),
                order => order.SecretManagerPaths, (order, value) => order with { SecretManagerPaths = value },
                "Secrets of Secrets Manager, by name or ARN. Each becomes a variable like those of ssm_paths; one whose value is a JSON " +
                    "object of strings becomes a variable per member."),
            Field<Order>.Of(
                "sops_key", TextType.Of(TextRules.Recipient(), 62, "write an age recipient: age1 and 58 lower-case letters and digits"),
                order => order.SopsKey, (order, value) => order with { SopsKey = value },
                "An age recipient to encrypt the order's secrets to, instead of one that is made for the run."),
            Field<Order>.Of(
                "sops_key_ssm_path", new TextType(SecretLocation.MaxNameLength, TextRules.SsmPath),
                order => order.SopsKeySsmPath, (order, value) => order with { SopsKeySsmPath = value },
                "The SSM parameter in which the worker finds the identity for sops_key."),
            Field<Order>.Of(
                "workspace", SharedTypes.Workspace,
                order => order.Workspace, (order, value) => order with { Workspace = value },
                "As the job's, for this order alone."),
            Field<Order>.Of(
                "keep_changes", SharedTypes.KeepChanges,
                order => order.KeepChanges, (order, value) => order with { KeepChanges = value },
                "As the job's, for this order alone."),
        ],
        name => JobFields.IsField(name) ? $"{name} is a field of the job; move it out of orders" : null);

    private static Order Blank() => new() { Cmds = [], Timeout = 0 };

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
