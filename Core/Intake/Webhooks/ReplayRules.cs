using System.Globalization;
using IacCi.Core.Text;

namespace IacCi.Core.Intake.Webhooks;

/// <summary>
/// What a signed request has to hold, so that a recording of it starts nothing later. Without a rule, a body that is sent again after ten
/// minutes is a new request, because a person who sends it again means that.
/// </summary>
/// <param name="RunId">It names its run: as long as the run's record lives, a recording leads to that run.</param>
/// <param name="SentAt">It says when it was signed: a recording is too old after <see cref="Freshness"/>.</param>
internal sealed record ReplayRules(bool RunId, bool SentAt)
{
    /// <summary>The variable of the rules.</summary>
    public const string Variable = "IAC_CI_WEBHOOK_REQUIRE";

    /// <summary>
    /// How far <c>sent_at</c> may be from the receiver's clock, either way. Twice this time is what
    /// <see cref="DeliveryKeys.SameBodyWithin"/> covers, so that of all deliveries of a body that are in time only the first one starts
    /// something.
    /// </summary>
    public static readonly TimeSpan Freshness = DeliveryKeys.SameBodyWithin / 2;

    /// <summary>No rule.</summary>
    public static ReplayRules None { get; } = new(RunId: false, SentAt: false);

    /// <summary>Reads the variable: <c>run_id</c>, <c>sent_at</c>, or both with a comma between them.</summary>
    /// <exception cref="UserException">It holds something else.</exception>
    public static ReplayRules Parse(string? text)
    {
        var rules = None;
        foreach (var word in (text ?? "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            rules = word switch
            {
                "run_id" => rules with { RunId = true },
                "sent_at" => rules with { SentAt = true },
                _ => throw new UserException(
                    $"the variable {Variable} has {Printable.Word(word)}; write run_id, sent_at, or both with a comma between them"),
            };
        }

        return rules;
    }

    /// <summary>What a request lacks.</summary>
    /// <param name="request">The request.</param>
    /// <param name="now">The time.</param>
    public IReadOnlyList<string> ProblemsOf(WebhookRequest request, DateTimeOffset now)
    {
        List<string> problems = [];
        if (RunId && request.RunId is null)
        {
            problems.Add($"run_id: has to be there; the operator wants each request to name its run ({Variable})");
        }

        if (SentAt && request.SentAt is null)
        {
            var example = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            problems.Add($"sent_at: has to be there, the time of signing, such as {example} ({Variable})");
        }

        if (request.SentAt is { } sent && (now - sent).Duration() > Freshness)
        {
            problems.Add(
                $"sent_at: is more than {Freshness.TotalMinutes:0} minutes from the receiver's clock; sign the request anew, and check " +
                    $"both clocks");
        }

        return problems;
    }
}
