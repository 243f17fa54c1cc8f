using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Logging;

/// <summary>
/// The program's log: lines with what they are about (run, trace, leg, order). Each line is written by one call, so that
/// lines of several threads do not mix. Nothing that looks like a secret passes (<see cref="Scrub"/>).
/// </summary>
internal sealed class StructuredLog
{
    private readonly Stream target;
    private readonly LogShape shape;
    private readonly TimeProvider clock;
    private readonly LogContext context;
    private readonly Lock gate;

    /// <summary>A log that writes to a stream, which stays the caller's.</summary>
    public StructuredLog(Stream target, LogShape shape, TimeProvider clock, LogContext context)
        : this(target, shape, clock, context, new Lock())
    {
    }

    private StructuredLog(Stream target, LogShape shape, TimeProvider clock, LogContext context, Lock gate) =>
        (this.target, this.shape, this.clock, this.context, this.gate) = (target, shape, clock, context, gate);

    /// <summary>JSON where a service collects the lines (Lambda, CodeBuild), text elsewhere.</summary>
    /// <param name="variable">Gives a variable of the environment, or null.</param>
    public static LogShape ShapeFor(Func<string, string?> variable) =>
        variable("AWS_LAMBDA_RUNTIME_API") is { Length: > 0 } || variable("CODEBUILD_BUILD_ID") is { Length: > 0 }
            ? LogShape.Json
            : LogShape.Text;

    /// <summary>The same log, about one invocation.</summary>
    public StructuredLog ForRequest(string requestId) => With(context with { RequestId = requestId });

    /// <summary>The same log, about one run.</summary>
    public StructuredLog For(RunId run, TraceId? trace = null, OrderNum? order = null) =>
        With(context with { RunId = run, TraceId = trace, Order = order });

    /// <summary>What happened.</summary>
    public void Info(string message) => Write(LogLevel.Info, message);

    /// <summary>Something was passed over, or will be tried again.</summary>
    public void Warn(string message) => Write(LogLevel.Warn, message);

    /// <summary>Something failed.</summary>
    public void Error(string message) => Write(LogLevel.Error, message);

    private StructuredLog With(LogContext about) => new(target, shape, clock, about, gate);

    private void Write(LogLevel level, string message)
    {
        var line = LogLine.Write(shape, clock.GetUtcNow(), level, context, message);
        lock (gate)
        {
            target.Write(line);
            target.Flush();
        }
    }
}
