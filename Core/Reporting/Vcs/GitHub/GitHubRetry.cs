using System.Globalization;

namespace IacCi.Core.Reporting.Vcs.GitHub;

/// <summary>What came of one attempt that did not succeed, as far as the decision about the next one depends on it.</summary>
/// <param name="Status">The HTTP status; null when there was no answer (or none that could be read).</param>
/// <param name="Headers">The answer's headers.</param>
/// <param name="Message">What GitHub or the connection says, for people.</param>
internal sealed record GitHubFailure(int? Status, IReadOnlyDictionary<string, string> Headers, string Message);

/// <summary>What to do after a setback.</summary>
internal abstract record RetryDecision
{
    private RetryDecision()
    {
    }

    /// <summary>Wait and try again.</summary>
    internal sealed record Wait(TimeSpan Delay) : RetryDecision;

    /// <summary>Leave it.</summary>
    internal sealed record GiveUp(VcsFailureKind Kind, DateTimeOffset? RetryAt = null) : RetryDecision;
}

/// <summary>
/// Decides after each setback, by GitHub's rules on rate limits
/// (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api, "Exceeding the rate limit"): wait as
/// <c>retry-after</c> says; else, with none remaining, until <c>x-ratelimit-reset</c>; else at least a minute.
/// </summary>
internal static class GitHubRetry
{
    /// <summary>The wait that GitHub asks for where a secondary limit is hit and no header says how long.</summary>
    internal static readonly TimeSpan SecondaryLimitWait = TimeSpan.FromMinutes(1);

    /// <summary>The first wait after a fault of the service or the connection; doubled from one attempt to the next.</summary>
    internal static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(500);

    /// <summary>What to do after this setback.</summary>
    /// <param name="setback">What happened.</param>
    /// <param name="attempt">The attempt that it happened to, from 1.</param>
    /// <param name="waited">How long this call has waited between attempts so far.</param>
    /// <param name="repeatable">Whether the request may be sent again when it has perhaps been done.</param>
    /// <param name="now">The time.</param>
    /// <param name="jitter">A random number from 0 up to 1.</param>
    /// <param name="options">The bounds.</param>
    internal static RetryDecision Decide(
        GitHubFailure setback, int attempt, TimeSpan waited, bool repeatable, DateTimeOffset now, double jitter, GitHubOptions options)
    {
        if (LimitWait(setback, now) is { } wait)
        {
            return attempt < options.MaxAttempts && waited + wait <= options.WaitBudget
                ? new RetryDecision.Wait(wait)
                : new RetryDecision.GiveUp(VcsFailureKind.RateLimited, now + wait);
        }

        return setback.Status switch
        {
            401 or 403 => new RetryDecision.GiveUp(VcsFailureKind.Denied),
            404 or 410 => new RetryDecision.GiveUp(VcsFailureKind.NotFound),
            null or 408 or >= 500 => Again(),
            _ => new RetryDecision.GiveUp(VcsFailureKind.Rejected),
        };

        RetryDecision Again()
        {
            if (!repeatable)
            {
                return new RetryDecision.GiveUp(VcsFailureKind.Unknown);
            }

            var backoff = FirstBackoff * Math.Pow(2, attempt - 1) * (1 + jitter);
            return attempt < options.MaxAttempts && waited + backoff <= options.WaitBudget
                ? new RetryDecision.Wait(backoff)
                : new RetryDecision.GiveUp(VcsFailureKind.Unavailable);
        }
    }

    /// <summary>How long GitHub wants us to wait because of a rate limit; null when it is not about one.</summary>
    private static TimeSpan? LimitWait(GitHubFailure setback, DateTimeOffset now)
    {
        if (setback.Status is not (403 or 429))
        {
            return null;
        }

        if (Header(setback, "retry-after") is { } seconds)
        {
            return TimeSpan.FromSeconds(Math.Max(1, seconds));
        }

        if (Header(setback, "x-ratelimit-remaining") == 0 && Header(setback, "x-ratelimit-reset") is { } reset)
        {
            // One second more: the header counts whole seconds.
            var wait = DateTimeOffset.UnixEpoch.AddSeconds(reset) - now;
            return (wait > TimeSpan.Zero ? wait : TimeSpan.Zero) + TimeSpan.FromSeconds(1);
        }

        return setback.Status == 429 || LimitWords.Any(words => setback.Message.Contains(words, StringComparison.OrdinalIgnoreCase))
            ? SecondaryLimitWait
            : null;
    }

    /// <summary>What servers say; older ones speak of abuse, and send no header.</summary>
    private static readonly string[] LimitWords = ["rate limit", "abuse detection"];

    /// <summary>A header's whole number of seconds (or of requests), within what a time can hold; null when there is none.</summary>
    private static long? Header(GitHubFailure setback, string name)
    {
        var value = setback.Headers.FirstOrDefault(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
        return long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? Math.Min(number, 100_000_000_000)
            : null;
    }
}
