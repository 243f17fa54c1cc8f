namespace IacCi.Core.Hosts.Aws.Lambda;

/// <summary>One event that Lambda wants handled.</summary>
internal sealed record Invocation
{
    /// <summary>Its name. A repetition by Lambda after an error has the same.</summary>
    public required string RequestId { get; init; }

    /// <summary>When Lambda ends the process if it is still at work.</summary>
    public required DateTimeOffset Deadline { get; init; }

    /// <summary>The function, as it was named by who invoked it; null when Lambda did not say.</summary>
    public string? FunctionArn { get; init; }

    /// <summary>The event: JSON, as it came.</summary>
    public required ReadOnlyMemory<byte> Event { get; init; }
}

/// <summary>Handles one event.</summary>
/// <param name="invocation">The event.</param>
/// <param name="cancellationToken">Is cancelled a while before the deadline.</param>
/// <returns>The answer: JSON.</returns>
internal delegate ValueTask<ReadOnlyMemory<byte>> InvocationHandler(Invocation invocation, CancellationToken cancellationToken);
