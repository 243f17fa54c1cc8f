using IacCi.Core.Jobs.Parsing;
using IacCi.Core.Model;

namespace IacCi.Core.Jobs.Fields;

/// <summary>The fields of a job.</summary>
internal static class JobFields
{
    /// <summary>Where the schema keeps the form of an order.</summary>
    public const string OrderReference = "#/$defs/order";

    public static readonly FieldTable<Job> Table = new(
        [
            new(
                "git_repo", SharedTypes.Repo, job => job.GitRepo,
                "The repository of the orders that name none: owner/name; on one machine also a path or a URL."),
            new("pr_number", new NumberType(1, int.MaxValue, ""), job => job.PrNumber, "The pull request that is told about the job."),
            new(
                "issue_number", new NumberType(1, int.MaxValue, ""), job => job.IssueNumber,
                "The issue that is told about the job, instead of a pull request."),
            new("git_token_location", SharedTypes.Location, job => job.GitTokenLocation,
                "Where the token for the repositories and the comment is found: aws:::ssm:<path>, aws:::secretd:<name>; on one machine " +
                    "also env:NAME, file:PATH."),
            new(
                "git_ssh_key_location", SharedTypes.Location, job => job.GitSshKeyLocation,
                "Where the SSH key for the repositories is found; written as git_token_location."),
            new(
                "commit_hash", SharedTypes.Commit, job => job.CommitHash,
                "The commit of git_repo to take, 7 to 64 hex digits; without it, the head of the default branch."),
            new(
                "username", TextType.Of(TextRules.Username(), 64, "use letters, digits and _ . @ + = [ ] -, at most 64"),
                job => job.Username,
                "Who asked for the job: the first part of its flow id."),
            new("flow_label", TextType.Of(TextRules.FlowLabel(), 64, "use letters, digits and . _ -, at most 64"), job => job.FlowLabel,
                "The last part of its flow id.") { Default = Job.DefaultFlowLabel },
            new(
                "pr_comment_search_tag",
                TextType.Of(TextRules.SearchTag(), 128, "use letters, digits, blanks and . _ : / = + -, at most 128"),
                job => job.PrCommentSearchTag,
                "The tag by which its comment is found again."),
            new("presign_expiry", new NumberType(1, JobLimits.MaxPresignExpirySeconds, " seconds"), job => job.PresignExpiry,
                "How long the signed URLs of an order last, in seconds, from when it is dispatched.") { Default =
                    Job.DefaultPresignExpirySeconds },
            new("job_timeout", new NumberType(1, JobLimits.MaxJobTimeoutSeconds, " seconds", TooLong), job => job.JobTimeout,
                "How long the job may take altogether, in seconds.") { Default = Job.DefaultJobTimeoutSeconds },
            new("stop_signal", SharedTypes.StopSignal, job => job.StopSignal,
                "The signal that asks commands to end, once, when their time is up or somebody stops them: INT or TERM. Terraform's " +
                    "providers outlive INT alone.")
            {
                Default = StopPolicy.Default.Signal,
            },
            new(
                "stop_grace", SharedTypes.StopGrace, job => job.StopGrace,
                "How long commands have to end after that signal, in seconds; then they are killed.")
            {
                Default = StopPolicy.DefaultGraceSeconds,
            },
            new("max_parallel", new NumberType(1, OrderNum.MaxOrders, ""), job => job.MaxParallel, "The most orders in flight at once."),
            new("workspace", SharedTypes.Workspace, job => job.Workspace, SharedTypes.WorkspaceText) { Default = Workspace.Copy },
            new(
                "keep_changes", SharedTypes.KeepChanges, job => job.KeepChanges,
                SharedTypes.KeepChangesText) { Default = KeepChanges.State },
            new(
                "orders",
                new ListType<Order>(
                    new RecordType<Order>(OrderFields.Table, OrderFields.Build, OrderReference), 1, OrderNum.MaxOrders, "orders",
                    OrderFields.Unread),
                job => job.Orders, "What to do.") { Required = true },
        ],
        name => OrderFields.Table.Has(name) ? $"{name} is a field of an order; move it into each of orders" : null);

    /// <summary>
    /// Whether a job has a field of this name. (The tables name each other: this one is there by the time somebody asks.)
    /// </summary>
    public static bool IsField(string name) => Table.Has(name);

    /// <summary>
    /// Reads a job. What could not be read has its default in it, and an order that could not be read at all is
    /// <see cref="OrderFields.Unread"/>.
    /// </summary>
    /// <returns>Null when it is not a map.</returns>
    public static Job? Bind(NodeRef root, JobContext context, Diagnostics diagnostics) =>
        Table.Read(root, context, diagnostics) is { } values ? Build(values) : null;

    private static Job Build(Values values) => new()
    {
        GitRepo = values.Get<string>("git_repo"),
        PrNumber = values.GetValue<int>("pr_number"),
        IssueNumber = values.GetValue<int>("issue_number"),
        GitTokenLocation = values.Get<string>("git_token_location"),
        GitSshKeyLocation = values.Get<string>("git_ssh_key_location"),
        CommitHash = values.Get<string>("commit_hash")?.ToLowerInvariant(),
        Username = values.Get<string>("username"),
        FlowLabel = values.Get<string>("flow_label") ?? Job.DefaultFlowLabel,
        PrCommentSearchTag = values.Get<string>("pr_comment_search_tag"),
        PresignExpiry = values.GetValue<int>("presign_expiry") ?? Job.DefaultPresignExpirySeconds,
        JobTimeout = values.GetValue<int>("job_timeout") ?? Job.DefaultJobTimeoutSeconds,
        StopSignal = values.GetValue<StopSignal>("stop_signal"),
        StopGrace = values.GetValue<int>("stop_grace"),
        MaxParallel = values.GetValue<int>("max_parallel"),
        Workspace = values.GetValue<Workspace>("workspace") ?? Workspace.Copy,
        KeepChanges = values.GetValue<KeepChanges>("keep_changes") ?? KeepChanges.State,
        Orders = values.Get<Order[]>("orders") ?? [],
    };

    private static string TooLong(long seconds) =>
        $"is {Diagnostics.Count(seconds)} s, more than the 20 h that a job may take: the buckets forget after 24 h, and intake, the " +
            $"last order's claim and the " +
        $"ending need the rest; use at most 20 x 3,600 = {Diagnostics.Count(JobLimits.MaxJobTimeoutSeconds)} s, or split the job";
}
