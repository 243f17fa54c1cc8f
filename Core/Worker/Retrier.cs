using System.Diagnostics.CodeAnalysis;
using IacCi.Core.Text;

namespace IacCi.Core.Worker;

/// <summary>Repeats a call whose outcome is unknown, with growing pauses, until it is known or it is too late.</summary>
/// <param name="clock">The time.</param>
/// <param name="randomBytes">Spreads the pauses.</param>
internal sealed class Retrier(TimeProvider clock, Func<int, byte[]> randomBytes)
{
    /// <summary>The most attempts, however long the window is.</summary>
    private const int MaxAttempts = 1_000;

    /// <summary>Calls until there is an outcome.</summary>
    /// <returns>The outcome; or null and what the last attempt failed with.</returns>
    [SuppressMessage("Design", "CA1031",
        Justification = "Whatever a call throws, its outcome is unknown; what it was is told and returned.")]
    internal async ValueTask<(T? Outcome, string? Problem)> UntilKnownAsync<T>(
        Func<CancellationToken, ValueTask<T>> call, TimeSpan window, Action<string> tell, CancellationToken cancellationToken)
        where T : class
    {
        var until = clock.GetUtcNow() + window;
        for (var attempt = 1; ; attempt++)
        {
            string problem;
            try
            {
                return (await call(cancellationToken), null);
            }
            catch (Exception unknown) when (!(unknown is OperationCanceledException && cancellationToken.IsCancellationRequested))
            {
                problem = unknown.Message;
            }

            var pause = Backoff.After(attempt, randomBytes);
            if (attempt == MaxAttempts || clock.GetUtcNow() + pause > until)
            {
                return (null, problem);
            }

            tell(problem);
            await Task.Delay(pause, clock, cancellationToken);
        }
    }
}
