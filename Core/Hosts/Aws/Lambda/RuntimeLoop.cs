using System.Diagnostics.CodeAnalysis;
using IacCi.Core.Hosts.Logging;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Lambda;

/// <summary>
/// Lambda's side of a role: takes one event after the other, one at a time, and gives each an answer or an error. What one
/// event leads to never ends the process, so that it stays warm for the next.
/// </summary>
/// <param name="api">The runtime API.</param>
/// <param name="log">Gets failures with all their details.</param>
/// <param name="clock">The time.</param>
internal sealed class RuntimeLoop(RuntimeApi api, StructuredLog log, TimeProvider clock)
{
    /// <summary>Serves until the process is ended.</summary>
    /// <param name="initialize">
    /// Makes the handler. It should check what is configured, and leave everything slow to the first event: Lambda waits for it.
    /// </param>
    /// <param name="margin">How long before the deadline a handler is asked to stop, so that its error can still be reported.</param>
    /// <param name="cancellationToken">Ends the wait for the next event.</param>
    /// <exception cref="UserException">Nothing can be handled: what is missing was logged, and reported to Lambda.</exception>
    public async ValueTask RunAsync(Func<InvocationHandler> initialize, TimeSpan margin, CancellationToken cancellationToken)
    {
        var handler = await InitializeAsync(initialize, cancellationToken);
        while (!cancellationToken.IsCancellationRequested)
        {
            var next = await api.NextAsync(cancellationToken);
            var about = log.ForRequest(next.Invocation.RequestId);
            if (next.Problem is { } problem)
            {
                await FailAsync(about, next.Invocation, problem, problem.Message, cancellationToken);
            }
            else
            {
                await HandleAsync(about, handler, next.Invocation, margin, cancellationToken);
            }
        }
    }

    private async ValueTask<InvocationHandler> InitializeAsync(Func<InvocationHandler> initialize, CancellationToken cancellationToken)
    {
        try
        {
            return initialize();
        }
        catch (Exception wrong)
        {
            var error = InvocationError.Of(wrong, late: false);
            log.Error(Details(wrong, error));
            await api.FailInitAsync(error, cancellationToken);
            throw;
        }
    }

    [SuppressMessage("Design", "CA1031",
        Justification = "Whatever an event leads to is reported as that event's error; the process serves the next.")]
    private async ValueTask HandleAsync(
        StructuredLog about, InvocationHandler handler, Invocation invocation, TimeSpan margin, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(TimeLeft(invocation.Deadline - margin - clock.GetUtcNow()), clock);
        ReadOnlyMemory<byte> answer;
        try
        {
            answer = await handler(invocation, late.Token);
        }
        catch (Exception thrown)
        {
            var error = InvocationError.Of(thrown, late.IsCancellationRequested);
            await FailAsync(about, invocation, error, Details(thrown, error), stop);
            return;
        }

        switch (await api.AnswerAsync(invocation.RequestId, answer, stop))
        {
            case AnswerOutcome.TooLarge:
                var tooLarge = new InvocationError(
                    "AnswerTooLarge", $"the answer has {answer.Length:N0} bytes, more than Lambda passes on");
                await FailAsync(about, invocation, tooLarge, tooLarge.Message, stop);
                break;
            case AnswerOutcome.TooLate:
                about.Warn("the answer came too late: Lambda has ended the invocation");
                break;
        }
    }

    private async ValueTask FailAsync(
        StructuredLog about, Invocation invocation, InvocationError error, string details, CancellationToken stop)
    {
        about.Error(details);
        if (await api.FailAsync(invocation.RequestId, error, stop) != AnswerOutcome.Taken)
        {
            about.Warn($"Lambda did not take the error {error.Type}: it has ended the invocation");
        }
    }

    /// <summary>What people need to see: a sentence for what can happen in use, everything for a fault of ours.</summary>
    private static string Details(Exception thrown, InvocationError error) =>
        thrown is UserException or StoreUnavailableException or OperationCanceledException
            ? $"{error.Type}: {error.Message}"
            : $"a fault of our own, please report it: {thrown}";

    private static TimeSpan TimeLeft(TimeSpan left) => left > TimeSpan.Zero ? left : TimeSpan.Zero;
}
