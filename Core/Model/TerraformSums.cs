using System.Globalization;
using System.Text.Json;

namespace IacCi.Core.Model;

/// <summary>How many resources Terraform, or OpenTofu, imports, creates, changes and destroys.</summary>
/// <param name="Import">Imported ones.</param>
/// <param name="Add">Created ones.</param>
/// <param name="Change">Changed ones.</param>
/// <param name="Destroy">Destroyed ones.</param>
internal readonly record struct ResourceCounts(long Import, long Add, long Change, long Destroy)
{
    /// <summary>No sum is larger than this, however many plans it is made of.</summary>
    public const long MaxCount = 1_000_000_000;

    /// <summary>Whether nothing changes.</summary>
    public bool IsNone => this == default;

    /// <summary>Both together.</summary>
    internal ResourceCounts Plus(ResourceCounts other) =>
        new(Sum(Import, other.Import), Sum(Add, other.Add), Sum(Change, other.Change), Sum(Destroy, other.Destroy));

    private static long Sum(long one, long other) => Math.Min(one + other, MaxCount);
}

/// <summary>What the plans of an order said, and what it applied: the sums of all of them. Null for what did not occur.</summary>
/// <param name="Planned">What was shown as a plan.</param>
/// <param name="Applied">What was done.</param>
internal sealed record TerraformSums(ResourceCounts? Planned, ResourceCounts? Applied)
{
    private const string PlannedWord = "planned", AppliedWord = "applied";

    /// <summary>As records keep it: <c>planned 0,40,0,2 applied 0,40,0,2</c>.</summary>
    internal string ToText() => string.Join(' ', new[] { ToText(PlannedWord, Planned), ToText(AppliedWord, Applied) }.OfType<string>());

    /// <summary>Reads what <see cref="ToText()"/> writes; null for anything else, because nothing is decided by it.</summary>
    internal static TerraformSums? FromText(string? text)
    {
        var words = text?.Split(' ') ?? [];
        return Of(Counts(PlannedWord), Counts(AppliedWord));

        ResourceCounts? Counts(string word)
        {
            var at = Array.IndexOf(words, word);
            var numbers = at < 0 || at + 1 == words.Length ? [] : words[at + 1].Split(',');
            return numbers.Length == 4 && Number(numbers[0]) is { } import && Number(numbers[1]) is { } add
                && Number(numbers[2]) is { } change && Number(numbers[3]) is { } destroy
                ? new ResourceCounts(import, add, change, destroy)
                : null;
        }
    }

    /// <summary>As a member of an object, <c>{"planned": {"import": 0, "add": 40, ...}, "applied": ...}</c>.</summary>
    internal void Write(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject(name);
        Write(json, PlannedWord, Planned);
        Write(json, AppliedWord, Applied);
        json.WriteEndObject();
    }

    /// <summary>
    /// Reads what <see cref="Write(Utf8JsonWriter, string)"/> writes; null for anything else, because nothing is decided by it.
    /// </summary>
    internal static TerraformSums? FromJson(JsonElement json)
    {
        return json.ValueKind == JsonValueKind.Object ? Of(Counts(PlannedWord), Counts(AppliedWord)) : null;

        ResourceCounts? Counts(string word) =>
            json.TryGetProperty(word, out var part) && part.ValueKind == JsonValueKind.Object
            && Member(part, "import") is { } import && Member(part, "add") is { } add
            && Member(part, "change") is { } change && Member(part, "destroy") is { } destroy
                ? new ResourceCounts(import, add, change, destroy)
                : null;
    }

    /// <summary>The sums; null when there are none.</summary>
    internal static TerraformSums? Of(ResourceCounts? planned, ResourceCounts? applied) =>
        planned is null && applied is null ? null : new(planned, applied);

    private static string? ToText(string word, ResourceCounts? counts) =>
        counts is { } some
            ? string.Create(CultureInfo.InvariantCulture, $"{word} {some.Import},{some.Add},{some.Change},{some.Destroy}")
            : null;

    private static void Write(Utf8JsonWriter json, string word, ResourceCounts? counts)
    {
        if (counts is { } some)
        {
            json.WriteStartObject(word);
            json.WriteNumber("import", some.Import);
            json.WriteNumber("add", some.Add);
            json.WriteNumber("change", some.Change);
            json.WriteNumber("destroy", some.Destroy);
            json.WriteEndObject();
        }
    }

    private static long? Member(JsonElement part, string name) =>
        part.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)
            ? InRange(number)
            : null;

    private static long? Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? InRange(number) : null;

    private static long? InRange(long number) => number is >= 0 and <= ResourceCounts.MaxCount ? number : null;
}
