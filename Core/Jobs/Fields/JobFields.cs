using IacCi.Core.Jobs.Parsing;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Jobs.Fields;

/// <summary>The fields of a job.</summary>
internal static class JobFields
{
    /// <summary>Where the schema keeps the form of an order.</summary>
    public const string OrderReference = "#/$defs/order";

    public static readonly FieldTable<Job> Table = new(
        () => new Job { Orders = [] },
        [
            Field<Job>.Of(
                "git_repo", SharedTypes.Repo,
                job => job.GitRepo, (job, value) => job with { GitRepo = value },
                "The repository of the orders that name none: owner/name; on one machine also a path or a URL."),
            Field<Job>.Of(
                "pr_number", new NumberType(1, int.MaxValue, ""),
                job => job.PrNumber, (job, value) => job with { PrNumber = value },
                "The pull request that is told about the job."),
            Field<Job>.Of(
                "issue_number", new NumberType(1, int.MaxValue, ""),
                job => job.IssueNumber, (job, value) => job with { IssueNumber = value },
                "The issue that is told about the job, instead of a pull request."),
            Field<Job>.Of(
                "git_token_location", SharedTypes.Location,
                job => job.GitTokenLocation, (job, value) => job with { GitTokenLocation = value },
                "Where the token for the repositories and the comment is found: aws:::ssm:<path>, aws:::secretd:<name>; on one machine " +
                    "also env:NAME, file:PATH."),
            Field<Job>.Of(
                "git_ssh_key_location", SharedTypes.Location,
                job => job.GitSshKeyLocation, (job, value) => job with { GitSshKeyLocation = value },
                "Where the SSH key for the repositories is found; written as git_token_location."),
            Field<Job>.Of(
                "commit_hash", SharedTypes.Commit,
                job => job.CommitHash, (job, value) => job with { CommitHash = value?.ToLowerInvariant() },
                "The commit of git_repo to take, 7 to 64 hex digits; without it, the head of the default branch."),
            Field<Job>.Of(
                "username", TextType.Of(TextRules.Username(), 64, "use letters, digits and _ . @ + = [ ] -, at most 64"),
                job => job.Username, (job, value) => job with { Username = value },
                "Who asked for the job: the first part of its flow id."),
            Field<Job>.Of(
                "flow_label", TextType.Of(TextRules.FlowLabel(), 64, "use letters, digits and . _ -, at most 64"),
                job => job.FlowLabel, (job, value) => job with { FlowLabel = value },
                "The last part of its flow id.") with { Default = Job.DefaultFlowLabel },
            Field<Job>.Of(
                "pr_comment_search_tag",
                TextType.Of(TextRules.SearchTag(), 128, "use letters, digits, blanks and . _ : / = + -, at most 128"),
                job => job.PrCommentSearchTag, (job, value) => job with { PrCommentSearchTag = value },
                "The tag by which its comment is found again."),
            Field<Job>.Of(
                "presign_expiry", new NumberType(1, JobLimits.MaxPresignExpirySeconds, " seconds"),
                job => job.PresignExpiry, (job, value) => job with { PresignExpiry = value },
                "How long the signed URLs of an order last, in seconds, from when it is dispatched.")
                with { Default = Job.DefaultPresignExpirySeconds },
            Field<Job>.Of(
                "job_timeout", new NumberType(1, JobLimits.MaxJobTimeoutSeconds, " seconds", TooLong),
                job => job.JobTimeout, (job, value) => job with { JobTimeout = value },
                "How long the job may take altogether, in seconds.") with { Default = Job.DefaultJobTimeoutSeconds },
            Field<Job>.Of(
                "stop_signal", SharedTypes.StopSignal,
                job => job.StopSignal, (job, value) => job with { StopSignal = value },
                "The signal that asks commands to end, once, when their time is up or somebody stops them: INT or TERM. Terraform's " +
                    "providers outlive INT alone.") with { Default = StopPolicy.Default.Signal },
            Field<Job>.Of(
                "stop_grace", SharedTypes.StopGrace,
                job => job.StopGrace, (job, value) => job with { StopGrace = value },
                "How long commands have to end after that signal, in seconds; then they are killed.")
                with { Default = StopPolicy.DefaultGraceSeconds },
            Field<Job>.Of(
                "max_parallel", new NumberType(1, OrderNum.MaxOrders, ""),
                job => job.MaxParallel, (job, value) => job with { MaxParallel = value },
                "The most orders in flight at once."),
            Field<Job>.Of(
                "workspace", SharedTypes.Workspace,
                job => job.Workspace, (job, value) => job with { Workspace = value },
                SharedTypes.WorkspaceText) with { Default = Workspace.Copy },
            Field<Job>.Of(
                "keep_changes", SharedTypes.KeepChanges,
                job => job.KeepChanges, (job, value) => job with { KeepChanges = value },
                SharedTypes.KeepChangesText) with { Default = KeepChanges.State },
            Field<Job>.Of(
                "orders",
                new ListType<Order>(
                    new RecordType<Order>(OrderFields.Table, OrderReference), 1, OrderNum.MaxOrders, "orders", OrderFields.Unread),
                job => job.Orders, (job, value) => job with { Orders = value },
                "What to do.") with { Required = true },
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
    public static Job? Bind(NodeRef root, JobContext context, Diagnostics diagnostics) => Table.Read(root, context, diagnostics);

    private static string TooLong(long seconds) =>
        $"is {Plural.Number(seconds)} s, more than the 20 h that a job may take: the buckets forget after 24 h, and intake, the " +
            $"last order's claim and the " +
        $"ending need the rest; use at most 20 x 3,600 = {Plural.Number(JobLimits.MaxJobTimeoutSeconds)} s, or split the job";
}
