using IacCi.Core.Model;

namespace IacCi.Core.Hosts.Logging;

/// <summary>What a log line is about.</summary>
internal sealed record LogContext
{
    /// <summary><c>webhook</c>, <c>orchestrate</c>, <c>watchdog</c> or <c>work</c>.</summary>
    public required string Role { get; init; }

    /// <summary>The invocation, as Lambda names it; null where there is none.</summary>
    public string? RequestId { get; init; }

    /// <summary>The run.</summary>
    public RunId? RunId { get; init; }

    /// <summary>The trace. Each line gets its own leg of it.</summary>
    public TraceId? TraceId { get; init; }

    /// <summary>The order.</summary>
    public OrderNum? Order { get; init; }
}

/// <summary>How bad it is.</summary>
internal enum LogLevel
{
    /// <summary>What happened.</summary>
    Info,

    /// <summary>Something was passed over, or will be tried again.</summary>
    Warn,

    /// <summary>Something failed.</summary>
    Error,
}

/// <summary>How log lines are written.</summary>
internal enum LogShape
{
    /// <summary>A sentence for a person at a terminal.</summary>
    Text,

    /// <summary>One JSON object a line, for CloudWatch.</summary>
    Json,
}
