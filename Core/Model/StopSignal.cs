namespace IacCi.Core.Model;

/// <summary>
/// The signal by which an order's commands are asked to end. It is sent once: Terraform takes a second one as "at once", and forgets what
/// it is creating.
/// </summary>
internal enum StopSignal
{
    /// <summary>SIGINT: what Ctrl-C sends. Terraform's providers outlive it and finish what they do.</summary>
    Interrupt,

    /// <summary>SIGTERM, for commands that only know this one.</summary>
    Terminate,
}

/// <summary>How an order's commands are ended: one signal, then nothing until the grace is over, then SIGKILL.</summary>
/// <param name="Signal">What they are sent.</param>
/// <param name="GraceSeconds">How long they have to end after it, in seconds.</param>
internal sealed record StopPolicy(StopSignal Signal, int GraceSeconds)
{
    /// <summary>The grace when nothing is said, in seconds.</summary>
    public const int DefaultGraceSeconds = 30;

    /// <summary>The longest grace, in seconds.</summary>
    public const int MaxGraceSeconds = 600;

    /// <summary>What holds when nothing is said.</summary>
    public static StopPolicy Default { get; } = new(StopSignal.Interrupt, DefaultGraceSeconds);

    /// <summary>The words that files have for the signals.</summary>
    public static IReadOnlyDictionary<string, StopSignal> Words { get; } = new Dictionary<string, StopSignal>(StringComparer.Ordinal)
    {
        ["INT"] = StopSignal.Interrupt,
        ["TERM"] = StopSignal.Terminate,
    };

    /// <summary>The word of the signal.</summary>
    public string Word => Words.First(word => word.Value == Signal).Key;
}
