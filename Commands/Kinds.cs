using System.Globalization;
using System.Text;
using IacCi.Core.Hosts.Server;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Terminal;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary>The kinds of values that commands take.</summary>
internal static class Kinds
{
    /// <summary>The longest path that Linux takes, in bytes (limits.h: PATH_MAX, with its NUL).</summary>
    private const int MaxPathBytes = 4_095;

    private const string RunIdForm = "letters, digits, - and _, at most 64, beginning with a letter or digit";

    /// <summary>The name of a file or folder. Whether it is there is found out by the one who opens it.</summary>
    public static ValueKind<string> Path { get; } = new(
        "the name of a file or folder (at most 4,095 bytes)",
        text => (text.Length > 0 && !text.Contains('\0') && Encoding.UTF8.GetByteCount(text) <= MaxPathBytes, text));

    /// <summary>A run id that somebody chooses.</summary>
    public static ValueKind<RunId> RunId { get; } = new(
        "a run id: " + RunIdForm, text => (Core.Model.RunId.TryParse(text, out var run), run));

    /// <summary>What people type for a run: its id, the beginning of one, or its trace.</summary>
    public static ValueKind<string> RunReference { get; } = new(
        "a run id or the beginning of one: " + RunIdForm, text => (Core.Model.RunId.TryParse(text, out _), text));

    /// <summary>What people type for an order.</summary>
    public static ValueKind<string> OrderReference { get; } = new(
        $"an order's name, queue id or number, at most {JobLimits.MaxNameLength} characters",
        text => (text.Length is > 0 and <= JobLimits.MaxNameLength, text));

    /// <summary>A moment, for people: so long ago, or a date, perhaps with a time.</summary>
    public static ValueKind<string> Moment { get; } = new(
        "so long ago (90s, 15m, 12h, 3d, 2w) or a date with or without a time (2026-11-23, 2026-11-23T10:00; UTC)",
        text => (RunFilter.TryParseTime(text, DateTimeOffset.UnixEpoch, out _), text));

    /// <summary>For how long runs are kept, where nobody says.</summary>
    public const string KeptFor = "30d";

    /// <summary>The word for a time without an end.</summary>
    public const string Forever = "forever";

    /// <summary>A duration with its unit.</summary>
    public static ValueKind<string> Duration { get; } = new(
        "a time with its unit, such as 12h, 30d or 8w", text => (DurationText.TryParse(text, out _), text));

    /// <summary>A duration with its unit, or for ever.</summary>
    public static ValueKind<string> Retention { get; } = new(
        $"a time with its unit, such as 12h, 30d or 8w, or '{Forever}'",
        text => (text == Forever || DurationText.TryParse(text, out _), text));

    /// <summary>What was typed as a duration.</summary>
    public static TimeSpan DurationOf(string text) =>
        DurationText.TryParse(text, out var duration) ? duration : throw new UsageException($"{text} is no duration");

    /// <summary>The name of a project. Whether there is one is found out where projects are known.</summary>
    public static ValueKind<string> Project { get; } = new(
        "the name of a project, such as infra/dev/app or infra/dev/app@eu", text =>
            (text.Length is > 0 and <= 4_200 && !text.Contains('\0'), text));

    /// <summary>A branch, a tag or a commit. Whether there is one git says.</summary>
    public static ValueKind<string> Reference { get; } = new(
        "a branch, a tag or a commit, at most 250 characters",
        text => (text.Length is > 0 and <= 250 && text[0] != '-' && !text.Any(char.IsControl), text));

    /// <summary>Words of statuses with commas between them.</summary>
    public static ValueKind<string[]> Statuses { get; } = new(
        $"one or more of {string.Join(", ", RunFilter.StatusWords)}, with commas between them",
        text => (text.Split(',').All(RunFilter.StatusWords.Contains), text.Split(',')));

    /// <summary>A part of a name.</summary>
    public static ValueKind<string> PartOfName { get; } = new(
        $"a part of a name, at most {JobLimits.MaxNameLength} characters",
        text => (text.Length is > 0 and <= JobLimits.MaxNameLength, text));

    /// <summary>A user of this machine. Whether there is one is found out by the one who needs it.</summary>
    public static ValueKind<string> User { get; } = new(
        "the name or number of a user of this machine", text => (text.Length is > 0 and <= 256 && !text.Any(char.IsControl), text));

    /// <summary>Where to listen.</summary>
    public static ValueKind<ListenAddress> Listen { get; } = new(
        "an address of this machine and a port, such as 127.0.0.1:8080 or [::1]:8080",
        text => ListenAddress.Parse(text) is { } address ? (true, address) : (false, ListenAddress.Default));

    /// <summary>Recipients of age, with commas between them. Whether each is one is found out where they are used.</summary>
    public static ValueKind<string> Recipients { get; } = new(
        "one or more age recipients (age1...) with commas between them", text => (text.Any(c => c is not (',' or ' ')), text));

    /// <summary>A whole number.</summary>
    public static ValueKind<int> Count(int min, int max) => Number(min, max, "");

    /// <summary>A time in whole seconds.</summary>
    public static ValueKind<int> Seconds(int min, int max) => Number(min, max, " (seconds)");

    /// <summary>One of a few words.</summary>
    public static ValueKind<T> Word<T>(params (string Word, T Value)[] words) => new(
        string.Join(", ", words[..^1].Select(word => word.Word)) + (words.Length > 1 ? " or " : "") + words[^1].Word,
        text => words.Any(word => word.Word == text) ? (true, words.First(word => word.Word == text).Value) : (false, words[0].Value));

    private static ValueKind<int> Number(int min, int max, string unit) => new(
        string.Create(CultureInfo.InvariantCulture, $"a whole number from {min:N0} to {max:N0}{unit}"),
        text =>
        {
            var isNumber = int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value);
            return (isNumber && value >= min && value <= max, value);
        });
}
