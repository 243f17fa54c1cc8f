using System.Text.Json;
using IacCi.Core.Engine;
using IacCi.Core.Hosts.Aws.Lambda.Events;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Roles;

/// <summary>
/// What the orchestrate function answers an operator: <c>{"found": {...}, "text": "..."}</c>, the same for scripts and for people, or
/// <c>{"found": null}</c> where there is no such run. It is rendered by the function, so that the command need not know its records.
/// </summary>
/// <param name="Json">For scripts: one object.</param>
/// <param name="Text">For people: a line per fact.</param>
/// <param name="IsUnsettled">Whether another attempt is needed.</param>
internal sealed record WakeAnswer(string Json, string Text, bool IsUnsettled)
{
    private const string Found = "found", TextMember = "text";

    /// <summary>The answer where there is no such run.</summary>
    public static ReadOnlyMemory<byte> OfNoRun => JsonText.Object(json => json.WriteNull(Found));

    /// <summary>The answer about a run that was looked at and woken.</summary>
    public static ReadOnlyMemory<byte> Of(RunInspection found, WakeOutcome outcome) => JsonText.Object(json =>
    {
        json.WriteStartObject(Found);
        found.Write(json, outcome);
        json.WriteEndObject();
        json.WriteString(TextMember, found.ToText(outcome));
    });

    /// <summary>Reads an answer.</summary>
    /// <returns>Null where there is no such run.</returns>
    /// <exception cref="UserException">It is no answer to what was asked.</exception>
    public static WakeAnswer? Read(ReadOnlyMemory<byte> answer, string function)
    {
        using var document = AwsEventJson.TryParse(answer);
        return document?.RootElement.At(Found) switch
        {
            { ValueKind: JsonValueKind.Null } => null,
            { ValueKind: JsonValueKind.Object } found when document.RootElement.TextAt(TextMember) is { } text => new WakeAnswer(
                JsonText.Text(found.WriteTo, JsonText.Indented),
                text,
                found.TextAt("did") == OrchestrateRole.Word(WakeOutcome.Unsettled)),
            _ => throw new UserException(
                $"{function} did not say what it found: it is another function, or an older version of the orchestrate function; correct "
                    + $"{AwsSettings.OrchestrateLambdaVariable}, or deploy this version", ExitCode.Fault),
        };
    }
}
