using IacCi.Core.Model;
using IacCi.Core.Secrets;

namespace IacCi.Core.Jobs;

/// <summary>
/// What somebody asks for: orders, and what they share. A job that came out of <see cref="JobReader"/> keeps every rule
/// that a job has to keep. In a file the fields have the same names in snake case.
/// </summary>
internal sealed record Job
{
    /// <summary>The flow label of a job that names none.</summary>
    public const string DefaultFlowLabel = "exec";

    /// <summary>How long, in seconds, the signed URLs of a job that does not say so last.</summary>
    public const int DefaultPresignExpirySeconds = 7_200;

    /// <summary>How long, in seconds, a job that does not say so may take.</summary>
    public const int DefaultJobTimeoutSeconds = 3_600;

    /// <summary>The repository of the orders that name none: <c>owner/name</c>; on one machine also a path or a URL.</summary>
    public string? GitRepo { get; init; }

    /// <summary>The pull request that is told about the job.</summary>
    public int? PrNumber { get; init; }

    /// <summary>The issue that is told about the job.</summary>
    public int? IssueNumber { get; init; }

    /// <summary>Where the token for the repositories and for the comment is found (see <see cref="SecretLocation"/>).</summary>
    public string? GitTokenLocation { get; init; }

    /// <summary>Where the SSH key for the repositories is found (see <see cref="SecretLocation"/>).</summary>
    public string? GitSshKeyLocation { get; init; }

    /// <summary>The commit of <see cref="GitRepo"/> to take, lower-case hex; null for the head of its default branch.</summary>
    public string? CommitHash { get; init; }

    /// <summary>Who asked for the job: the first part of its flow id.</summary>
    public string? Username { get; init; }

    /// <summary>The last part of its flow id.</summary>
    public string FlowLabel { get; init; } = DefaultFlowLabel;

    /// <summary>The tag by which its comment is found again; null for one that is made out of the run.</summary>
    public string? PrCommentSearchTag { get; init; }

    /// <summary>How long the signed URLs of an order last, in seconds.</summary>
    public int PresignExpiry { get; init; } = DefaultPresignExpirySeconds;

    /// <summary>How long the job may take altogether, in seconds.</summary>
    public int JobTimeout { get; init; } = DefaultJobTimeoutSeconds;

    /// <summary>The signal that asks the commands of its orders to end; null when it does not say.</summary>
    public StopSignal? StopSignal { get; init; }

    /// <summary>How long the commands of its orders have to end after that, in seconds; null when it does not say.</summary>
    public int? StopGrace { get; init; }

    /// <summary>The most orders in flight at once; null for no limit of the job's own.</summary>
    public int? MaxParallel { get; init; }

    /// <summary>Where the commands of the orders run that do not say so themselves.</summary>
    public Workspace Workspace { get; init; }

    /// <summary>What becomes of the changes of the orders that do not say so themselves.</summary>
    public KeepChanges KeepChanges { get; init; }

    /// <summary>What to do: 1 to <see cref="OrderNum.MaxOrders"/> orders; the order <c>0001</c> is the first.</summary>
    public required IReadOnlyList<Order> Orders { get; init; }

    /// <summary>The pull request or issue that is told about the job, or null.</summary>
    public int? ReportNumber => PrNumber ?? IssueNumber;
}
