namespace IacCi.Emulated.Stacks;

/// <summary>What <see cref="EmulatedAws.SetupStackAsync"/> set up: one deployment of iac-ci, beside others.</summary>
/// <param name="Prefix">Before every name.</param>
/// <param name="Variables">The IAC_CI_* variables that functions and operators need.</param>
/// <param name="ApiUrl">POST <c>ApiUrl/webhook</c>.</param>
/// <param name="WebhookSecret">What requests are signed with.</param>
public sealed record Deployment(string Prefix, IReadOnlyDictionary<string, string> Variables, string ApiUrl, string WebhookSecret)
{
    /// <summary>The function that takes jobs in.</summary>
    public string Webhook => $"{Prefix}-webhook";

    /// <summary>The function that results wake.</summary>
    public string Orchestrate => $"{Prefix}-orchestrate";

    /// <summary>The function that looks again.</summary>
    public string Watchdog => $"{Prefix}-watchdog";

    /// <summary>The function that runs orders.</summary>
    public string Work => $"{Prefix}-work";

    /// <summary>The role that reads what jobs name.</summary>
    public string Reader => $"{Prefix}-reader";

    /// <summary>The role of workers, which may do nothing.</summary>
    public string WorkerRole => $"{Prefix}-worker";

    /// <summary>What the function that takes jobs in needs beside <see cref="Variables"/>.</summary>
    public (string Name, string Value) ReaderRole => ("IAC_CI_READER_ROLE", $"arn:aws:iam::123456789012:role/{Reader}");

    /// <summary>The project that runs orders.</summary>
    public string Project => $"{Prefix}-worker";

    /// <summary>The bucket of plans, bundles, claims and results.</summary>
    public string InternalBucket => $"{Prefix}-internal";

    /// <summary>The bucket of done objects.</summary>
    public string DoneBucket => $"{Prefix}-done";

    /// <summary>The table of orders.</summary>
    public string OrdersTable => $"{Prefix}-orders";

    /// <summary>The table of events.</summary>
    public string EventsTable => $"{Prefix}-order-events";

    /// <summary>The table of locks.</summary>
    public string LocksTable => $"{Prefix}-orchestrator-locks";

    /// <summary>Where invocations that failed for good are told.</summary>
    public string FailureQueue => $"{Prefix}-failures";
}

/// <summary>What may differ from one stack to the next.</summary>
public sealed record StackOptions
{
    /// <summary>Seconds between two looks of a watchdog, before <see cref="EmulatedAwsOptions.WaitFactor"/>.</summary>
    public int PollSeconds { get; init; } = 60;

    /// <summary>Seconds that the webhook and the orchestrator may take.</summary>
    public int FunctionTimeout { get; init; } = 300;

    /// <summary>Seconds that the worker function may take.</summary>
    public int WorkerTimeout { get; init; } = 900;

    /// <summary>The role of workers may do anything, which no deployment lets it: for tests of the emulator itself.</summary>
    public bool WorkersHaveRights { get; init; }

    /// <summary>More variables for all functions, such as IAC_CI_GITHUB_API_URL.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();
}
