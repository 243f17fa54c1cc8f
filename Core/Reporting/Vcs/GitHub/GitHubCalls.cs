using System.Text.Json;
using IacCi.Core.Text;
using Octokit;

namespace IacCi.Core.Reporting.Vcs.GitHub;

/// <summary>Runs one request until it succeeds or is given up, and turns what goes wrong into a value.</summary>
internal sealed class GitHubCalls(GitHubOptions options, VcsToken token, TimeProvider time, Func<double> jitter)
{
    private const int MaxMessageChars = 600;
    private const int MaxDetails = 5;

    /// <summary>Runs it.</summary>
    /// <param name="what">What it does, for messages: "writing a comment on owner/name#1".</param>
    /// <param name="repeatable">Whether it may be sent again when it has perhaps been done.</param>
    /// <param name="send">Sends it once.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    internal async ValueTask<VcsResult<T>> RunAsync<T>(
        string what, bool repeatable, Func<CancellationToken, Task<T>> send, CancellationToken cancellationToken)
    {
        var waited = TimeSpan.Zero;
        for (var attempt = 1; ; attempt++)
        {
            var (value, setback) = await TryAsync(send, cancellationToken);
            if (setback is null)
            {
                return new VcsResult<T>.Ok(value!);
            }

            var next = GitHubRetry.Decide(setback, attempt, waited, repeatable, time.GetUtcNow(), jitter(), options);
            if (next is RetryDecision.GiveUp giveUp)
            {
                return new VcsResult<T>.Failed(new VcsFailure(giveUp.Kind, Explain(what, setback, giveUp), giveUp.RetryAt));
            }

            var delay = ((RetryDecision.Wait)next).Delay;
            await Task.Delay(delay, time, cancellationToken);
            waited += delay;
        }
    }

    private async Task<(T? Value, GitHubFailure? Setback)> TryAsync<T>(
        Func<CancellationToken, Task<T>> send, CancellationToken cancellationToken)
    {
        try
        {
            // Octokit takes no token for some requests, so the wait for the answer is what ends.
            return (await send(cancellationToken).WaitAsync(options.RequestTimeout, time, cancellationToken), null);
        }
        catch (ApiException refused)
        {
            return (default, new GitHubFailure((int)refused.StatusCode, refused.HttpResponse?.Headers ?? NoHeaders, Said(refused)));
        }
        catch (GitHubRedirectException elsewhere)
        {
            return (default, new GitHubFailure(elsewhere.Status, NoHeaders, elsewhere.Message));
        }
        catch (Exception broken) when (
            broken is GitHubAnswerException or HttpRequestException or IOException or TimeoutException or JsonException
            || (broken is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return (default, new GitHubFailure(null, NoHeaders, Describe(broken)));
        }
    }

    private static readonly Dictionary<string, string> NoHeaders = [];

    /// <summary>GitHub's own sentence. (Octokit would find it by reflection.) A proxy's page is not worth showing.</summary>
    private static string Said(ApiException refused)
    {
        try
        {
            var answer = JsonSerializer.Deserialize(refused.HttpResponse?.Body as string ?? "", GitHubJson.Default.ErrorWire);
            return answer is { Message: { } message }
                ? string.Join("; ", [message, .. Details(answer.Errors)])
                : refused.StatusCode.ToString();
        }
        catch (JsonException)
        {
            return refused.StatusCode.ToString();
        }
    }

    /// <summary>
    /// What is wrong with which field: GitHub says it beside its sentence, as texts or as objects (https://docs.github.com/en/rest,
    /// "Validation failed").
    /// </summary>
    private static IEnumerable<string> Details(JsonElement? errors)
    {
        if (errors is not { ValueKind: JsonValueKind.Array } list)
        {
            return errors is { ValueKind: JsonValueKind.String } one ? [one.GetString()!] : [];
        }

        return list.EnumerateArray().Take(MaxDetails).Select(error => error.ValueKind switch
        {
            JsonValueKind.String => error.GetString()!,
            JsonValueKind.Object => Detail(error),
            _ => "",
        }).Where(detail => detail.Length > 0);
    }

    private static string Detail(JsonElement error)
    {
        var said = Text(error, "message") is { Length: > 0 } message ? message : Text(error, "code");
        return $"{Text(error, "resource")} {Text(error, "field")}: {said}".Trim(' ', ':');
    }

    private static string Text(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private string Describe(Exception broken) => broken switch
    {
        TimeoutException or OperationCanceledException => $"no answer within {options.RequestTimeout.TotalSeconds:0} s",
        JsonException => "an answer that is not the JSON of a GitHub API",
        _ => broken.Message,
    };

    private string Explain(string what, GitHubFailure setback, RetryDecision.GiveUp giveUp)
    {
        var said = Printable.Line(setback.Message.Replace(token.Value, "***", StringComparison.Ordinal), MaxMessageChars);
        var answer = setback.Status is { } status ? $"HTTP {status}: {said}" : said;
        var advice = giveUp.Kind switch
        {
            VcsFailureKind.Denied => $"; check that {token} is valid and may write issues, pull requests and commit statuses",
            VcsFailureKind.NotFound => $"; it does not exist, or {token} may not see it",
            VcsFailureKind.RateLimited => $"; GitHub can be asked again at {giveUp.RetryAt:yyyy-MM-dd HH:mm:ss} UTC",
            VcsFailureKind.Unknown => "; it may have been done all the same",
            _ => "",
        };
        return $"{what} at {options.ApiUrl.Host}: {answer}{advice}";
    }
}
