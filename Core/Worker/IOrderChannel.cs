using IacCi.Core.Model;

namespace IacCi.Core.Worker;

/// <summary>What became of a claim.</summary>
internal abstract record ClaimOutcome
{
    private ClaimOutcome()
    {
    }

    /// <summary>The order is ours: its commands may run, once.</summary>
    public sealed record Won : ClaimOutcome
    {
        /// <summary>The one instance.</summary>
        public static Won Instance { get; } = new();
    }

    /// <summary>Somebody else has claimed it, or perhaps an attempt of ours whose answer was lost.</summary>
    public sealed record Taken : ClaimOutcome
    {
        /// <summary>The one instance.</summary>
        public static Taken Instance { get; } = new();
    }

    /// <summary>The claim is not accepted and will not be: the signature has expired, for example.</summary>
    /// <param name="Reason">Why, without the URL.</param>
    public sealed record Refused(string Reason) : ClaimOutcome;
}

/// <summary>What became of a report.</summary>
internal abstract record ReportOutcome
{
    private ReportOutcome()
    {
    }

    /// <summary>The result stands.</summary>
    public sealed record Accepted : ReportOutcome
    {
        /// <summary>The one instance.</summary>
        public static Accepted Instance { get; } = new();
    }

    /// <summary>A result stands already, and stays.</summary>
    public sealed record AlreadyReported : ReportOutcome
    {
        /// <summary>The one instance.</summary>
        public static AlreadyReported Instance { get; } = new();
    }

    /// <summary>The report is not accepted and will not be.</summary>
    /// <param name="Reason">Why, without the URL.</param>
    public sealed record Refused(string Reason) : ReportOutcome;
}

/// <summary>
/// A worker's capabilities for its order: to claim it, to report its result, and to see whether it is to be stopped. A method throws when
/// it is not known whether its write has happened; it may then be called again.
/// </summary>
internal interface IOrderChannel
{
    /// <summary>
    /// Creates the claim, if there is none. Each attempt says the time anew, so that a claim is never older than it says.
    /// </summary>
    ValueTask<ClaimOutcome> ClaimAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Creates the result, if there is none.</summary>
    ValueTask<ReportOutcome> ReportAsync(ReadOnlyMemory<byte> resultJson, CancellationToken cancellationToken);

    /// <summary>The request to stop that stands; null when there is none, and where workers are told otherwise.</summary>
    ValueTask<StopRequest?> FindStopAsync(CancellationToken cancellationToken) => new((StopRequest?)null);
}
