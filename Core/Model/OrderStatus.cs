namespace IacCi.Core.Model;

/// <summary>Where an order stands. The last three are terminal: once there, an order never moves again.</summary>
internal enum OrderStatus
{
    /// <summary>Waits for its dependencies, or for a free place.</summary>
    Queued,

    /// <summary>The intent to start it is written; its worker may or may not have been started.</summary>
    Dispatching,

    /// <summary>Its worker has been started.</summary>
    Running,

    /// <summary>Every command ended with exit code 0.</summary>
    Succeeded,

    /// <summary>A command failed, it could not be started, or a dependency failed.</summary>
    Failed,

    /// <summary>It did not end in time.</summary>
    TimedOut,
}

/// <summary>Where a job stands. The last three are final.</summary>
internal enum JobStatus
{
    /// <summary>Intake is at work; nothing may be dispatched yet.</summary>
    Preparing,

    /// <summary>Orders are being run.</summary>
    Active,

    /// <summary>Every order is terminal; the ending is being written.</summary>
    Finalizing,

    /// <summary>Every order that had to succeed did.</summary>
    Succeeded,

    /// <summary>An order that had to succeed failed.</summary>
    Failed,

    /// <summary>The job's deadline passed, or an order that had to succeed timed out.</summary>
    TimedOut,
}

/// <summary>The words and letters that statuses have in records, results and the checkpoint.</summary>
internal static class StatusText
{
    private static readonly string[] OrderWords = ["queued", "dispatching", "running", "succeeded", "failed", "timed_out"];
    private static readonly string[] JobWords = ["preparing", "active", "finalizing", "succeeded", "failed", "timed_out"];
    private const string Letters = "qdrsft";

    /// <summary>The word of the contract, for example <c>timed_out</c>.</summary>
    public static string Word(this OrderStatus status) => OrderWords[(int)status];

    /// <summary>The word of the contract, for example <c>preparing</c>.</summary>
    public static string Word(this JobStatus status) => JobWords[(int)status];

    /// <summary>The letter of the status in the checkpoint, one of <c>q d r s f t</c>.</summary>
    public static char Letter(this OrderStatus status) => Letters[(int)status];

    /// <summary>Whether the status never changes any more.</summary>
    public static bool IsTerminal(this OrderStatus status) => status >= OrderStatus.Succeeded;

    /// <summary>Whether a worker has, or may have, been started and no result is known.</summary>
    public static bool IsInFlight(this OrderStatus status) => status is OrderStatus.Dispatching or OrderStatus.Running;

    /// <summary>Whether the status never changes any more.</summary>
    public static bool IsFinal(this JobStatus status) => status >= JobStatus.Succeeded;

    /// <summary>Reads an order's word; false for an unknown one.</summary>
    public static bool TryParse(string? word, out OrderStatus status) => TryIndex(OrderWords, word, out status);

    /// <summary>Reads a job's word; false for an unknown one.</summary>
    public static bool TryParse(string? word, out JobStatus status) => TryIndex(JobWords, word, out status);

    /// <summary>Reads a letter of the checkpoint.</summary>
    /// <exception cref="FormatException">The letter is none of the six.</exception>
    public static OrderStatus FromLetter(char letter) => Letters.IndexOf(letter, StringComparison.Ordinal) is >= 0 and var i
        ? (OrderStatus)i
        : throw new FormatException($"'{letter}' is not a status letter ({Letters})");

    private static bool TryIndex<T>(string[] words, string? word, out T status)
        where T : struct, Enum
    {
        var index = Array.IndexOf(words, word);
        status = index < 0 ? default : (T)(object)index;
        return index >= 0;
    }
}
