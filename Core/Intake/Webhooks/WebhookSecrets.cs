using System.Text;

namespace IacCi.Core.Intake.Webhooks;

/// <summary>
/// Reads the text that stands at <c>IAC_CI_WEBHOOK_SECRET_LOCATION</c>: one secret per line. Two lines are two secrets that
/// are both accepted, so that a secret can be changed without a gap: add the new line, change the senders, remove the old line.
/// </summary>
internal static class WebhookSecrets
{
    /// <summary>The most secrets accepted at once: each one costs an HMAC over every body.</summary>
    public const int MaxSecrets = 4;

    /// <summary>
    /// The secrets, as the bytes that a sender keys its HMAC with. Blank lines and the white space around a line do not count.
    /// </summary>
    /// <returns>An empty list when the text holds no secret: then every delivery by HTTP is refused.</returns>
    /// <exception cref="Text.UserException">There are more than <see cref="MaxSecrets"/>.</exception>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Parse(string? text)
    {
        var lines = (text ?? "").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return lines.Length <= MaxSecrets
            ? [.. lines.Select(line => new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(line)))]
            : throw new Text.UserException(
                $"the webhook secret holds {lines.Length} lines; at most {MaxSecrets} secrets are accepted at once. Leave the newest, " +
                    $"one per line.");
    }
}
