namespace IacCi.Core.Jobs;

/// <summary>The sizes a job may have.</summary>
internal static class JobLimits
{
    /// <summary>The largest file, in bytes.</summary>
    public const int MaxFileBytes = 16 * 1024 * 1024;

    /// <summary>How deep maps and lists may stand in each other. (A job needs five levels.)</summary>
    public const int MaxDepth = 32;

    /// <summary>The most values (maps, lists, texts, numbers) a file may hold.</summary>
    public const int MaxNodes = 1_000_000;

    /// <summary>The most characters a file may come to when every YAML alias is replaced by what it stands for.</summary>
    public const long MaxExpandedChars = 64L * 1024 * 1024;

    /// <summary>The most errors that are named one by one.</summary>
    public const int MaxErrors = 1_000;

    /// <summary>The most commands of an order.</summary>
    public const int MaxCommands = 1_000;

    /// <summary>
    /// The longest command, and the longest <c>NAME=value</c>, in bytes: Linux takes 128 KiB with the closing NUL
    /// (execve(2), MAX_ARG_STRLEN).
    /// </summary>
    public const int MaxArgumentBytes = 131_071;

    /// <summary>The most bytes of an order's record, so that it stays well below DynamoDB's 400 KB with all that a run adds.</summary>
    public const int MaxRecordBytes = 300_000;

    /// <summary>The most entries of <c>env_vars</c>.</summary>
    public const int MaxVariables = 1_000;

    /// <summary>
    /// The most bytes of all of an order's <c>env_vars</c>: execve takes a quarter of the stack's limit, 2 MiB, for everything.
    /// </summary>
    public const int MaxVariableBytes = 1_000_000;

    /// <summary>The most entries of <c>ssm_paths</c>, and of <c>secret_manager_paths</c>.</summary>
    public const int MaxSecrets = 500;

    /// <summary>The most entries of <c>dependencies</c>: every other order.</summary>
    public const int MaxDependencies = Model.OrderNum.MaxOrders - 1;

    /// <summary>The longest <c>order_name</c> and <c>queue_id</c>, in characters.</summary>
    public const int MaxNameLength = 128;

    /// <summary>The most <c>retries</c>.</summary>
    public const int MaxRetries = 10;

    /// <summary>
    /// The longest <c>job_timeout</c>, in seconds: 20 h. The buckets forget after 24 h, and a job is not the only thing that
    /// takes time: intake, the last order's claim, and the ending.
    /// </summary>
    public const int MaxJobTimeoutSeconds = 20 * 3_600;

    /// <summary>
    /// The longest <c>presign_expiry</c>, in seconds: 7 days (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html,
    /// X-Amz-Expires).
    /// </summary>
    public const int MaxPresignExpirySeconds = 604_800;
}
