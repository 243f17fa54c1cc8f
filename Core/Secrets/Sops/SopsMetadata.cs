using System.Globalization;
using System.Text.RegularExpressions;

namespace IacCi.Core.Secrets.Sops;

/// <summary>The data key, wrapped for one age recipient.</summary>
/// <param name="Recipient">The recipient, as text: it may be of a kind not supported.</param>
/// <param name="Wrapped">An armored age file that holds the data key.</param>
internal readonly record struct SopsAgeKey(string Recipient, string Wrapped);

/// <summary>Keys of which one is enough: for the data key, or for one share of it.</summary>
/// <param name="AgeKeys">The age recipients.</param>
/// <param name="Foreign">Kinds of key that this program cannot use.</param>
internal sealed record SopsKeyGroup(IReadOnlyList<SopsAgeKey> AgeKeys, IReadOnlyList<string> Foreign);

/// <summary>
/// What sops keeps about a file beside its values. Read from the flat form that dotenv files use (<c>age__list_0__map_enc</c>), to
/// which JSON is brought first, so that there is one set of rules. sops authenticates only part of it; the rest is held to the narrowest
/// form that real files have.
/// </summary>
internal sealed partial class SopsMetadata
{
    /// <summary>The release of sops whose files ours are like.</summary>
    public const string WrittenVersion = "3.13.0";

    public const string MapMark = "__map_";
    public const string ListMark = "__list_";

    /// <summary>Most recipients of one file.</summary>
    private const int MaxRecipients = 1000;

    /// <summary>Most key groups of one file: the x of a share is one byte, and not 0.</summary>
    private const int MaxGroups = 255;

    private const string GroupsField = "key_groups";
    private const string ThresholdField = "shamir_threshold";

    private static readonly string[] Rules =
    [
        "unencrypted_suffix", "encrypted_suffix", "unencrypted_regex", "encrypted_regex",
        "unencrypted_comment_regex", "encrypted_comment_regex",
    ];


    private static readonly string[] ForeignKinds = ["kms", "gcp_kms", "hckms", "azure_kv", "hc_vault", "pgp"];

    /// <summary>The groups of keys: one, unless the data key is split over several (Shamir).</summary>
    public required IReadOnlyList<SopsKeyGroup> Groups { get; init; }

    /// <summary>How many groups are needed.</summary>
    public required int Threshold { get; init; }

    /// <summary>When the file was last changed, RFC 3339; the MAC is bound to it.</summary>
    public required string LastModified { get; init; }

    /// <summary>The encrypted MAC.</summary>
    public required string Mac { get; init; }

    /// <summary>Which values are encrypted.</summary>
    public required SopsRule Rule { get; init; }

    /// <summary>Whether the MAC leaves out values that are not encrypted.</summary>
    public required bool MacOnlyEncrypted { get; init; }

    /// <summary>Reads the flat form. A field without a value (null, an empty list) is there with a null.</summary>
    /// <exception cref="SecretsException">A field is missing, unknown, or not as sops writes it.</exception>
    public static SopsMetadata Read(IReadOnlyDictionary<string, string?> flat)
    {
        var kinds = flat.Keys.Select(KindOf).Distinct().ToList();
        RefuseUnknown(kinds);
        var groups = ReadGroups(flat);
        var lastModified = Required(flat, "lastmodified", UtcSeconds());
        _ = Required(flat, "version", Release());
        return new SopsMetadata
        {
            Groups = groups,
            Threshold = ReadThreshold(flat, groups.Count),
            LastModified = lastModified,
            Mac = flat.GetValueOrDefault("mac") is { Length: > 0 } mac
                ? mac
                : throw Wrong("mac is missing, so nothing shows that the file is whole"),
            Rule = ReadRule(flat),
            MacOnlyEncrypted = flat.GetValueOrDefault("mac_only_encrypted") switch
            {
                null or "false" => false,
                "true" => true,
                _ => throw Wrong("mac_only_encrypted is neither true nor false"),
            },
        };
    }

    /// <summary>The time as the metadata of a file has it.</summary>
    public static string TimeOf(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>An error about the metadata.</summary>
    public static SecretsException Wrong(string how) => new(SecretsError.Format, $"the metadata of the SOPS file cannot be used: {how}");

    private static string KindOf(string field) => field.Split(ListMark, 2)[0].Split(MapMark, 2)[0];

    private static void RefuseUnknown(IEnumerable<string> kinds)
    {
        string[] known =
            ["age", "lastmodified", "mac", "version", "mac_only_encrypted", ThresholdField, GroupsField, .. Rules, .. ForeignKinds];
        if (kinds.FirstOrDefault(kind => !known.Contains(kind)) is { } unknown)
        {
            throw Wrong($"it has a field '{unknown}' that this program does not know");
        }
    }

    /// <summary>The groups. sops writes the keys of a single one at the top, and those of several below <c>key_groups</c>.</summary>
    private static List<SopsKeyGroup> ReadGroups(IReadOnlyDictionary<string, string?> flat)
    {
        var count = GroupCount(flat);
        var top = ReadGroup(flat, "");
        if (count == 0)
        {
            return [top];
        }

        return top is { AgeKeys.Count: 0, Foreign.Count: 0 } && count <= MaxGroups
            ? [.. Enumerable.Range(0, count).Select(index => ReadGroup(flat, $"{GroupsField}{GroupMark(index)}{MapMark}"))]
            : throw Wrong($"it has key groups (Shamir) beside other keys, or more than {MaxGroups}");
    }

    /// <summary>How many groups <c>key_groups</c> has: their numbers follow one another.</summary>
    private static int GroupCount(IReadOnlyDictionary<string, string?> flat)
    {
        List<string> numbers = [.. flat.Where(field => KindOf(field.Key) == GroupsField && field.Value is not null)
            .Select(field => field.Key[GroupsField.Length..].Split(MapMark, 2)[0]).Distinct()];
        return Enumerable.Range(0, numbers.Count).All(index => numbers.Contains(GroupMark(index)))
            ? numbers.Count
            : throw Wrong("its key groups (Shamir) are damaged");
    }

    private static string GroupMark(int index) => string.Create(CultureInfo.InvariantCulture, $"{ListMark}{index}");

    private static SopsKeyGroup ReadGroup(IReadOnlyDictionary<string, string?> flat, string prefix)
    {
        var fields = flat.Where(field => field.Value is not null && field.Key.StartsWith(prefix, StringComparison.Ordinal))
            .Select(field => KeyValuePair.Create(field.Key[prefix.Length..], field.Value)).ToDictionary();
        var unknown = prefix.Length == 0
            ? null
            : fields.Keys.Select(KindOf).FirstOrDefault(kind => kind != "age" && !ForeignKinds.Contains(kind));
        return unknown is null
            ? new SopsKeyGroup(ReadAgeKeys(fields), [.. ForeignKinds.Where(kind => fields.Keys.Any(field => KindOf(field) == kind))])
            : throw Wrong($"a key group (Shamir) in it has a field '{unknown}' that this program does not know");
    }

    /// <summary>
    /// How many groups are needed: all, unless the file says fewer. With a single group sops splits nothing, whatever the file says.
    /// </summary>
    private static int ReadThreshold(IReadOnlyDictionary<string, string?> flat, int groups) => flat.GetValueOrDefault(ThresholdField) switch
    {
        _ when groups == 1 => 1,
        null or "0" => groups,
        { } text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var threshold)
            && threshold >= 2 && threshold <= groups => threshold,
        _ => throw Wrong($"{ThresholdField} (Shamir) is not a number from 2 to that of its key groups, {groups}"),
    };

    private static string Required(IReadOnlyDictionary<string, string?> flat, string name, Regex form) =>
        flat.GetValueOrDefault(name) is { } value && form.IsMatch(value)
            ? value
            : throw Wrong($"{name} is missing or not as sops writes it");

    private static SopsRule ReadRule(IReadOnlyDictionary<string, string?> flat)
    {
        var given = Rules.Where(name => !string.IsNullOrEmpty(flat.GetValueOrDefault(name))).ToList();
        return given switch
        {
            [] => SopsRule.Default,
            [var name] => SopsRule.From(name, flat[name]!),
            _ => throw Wrong($"{string.Join(" and ", given)} exclude each other"),
        };
    }

    private static List<SopsAgeKey> ReadAgeKeys(Dictionary<string, string?> group)
    {
        var keys = new List<SopsAgeKey>();
        var fields = group.Where(field => KindOf(field.Key) == "age").ToDictionary();
        while (keys.Count < MaxRecipients
            && fields.GetValueOrDefault(AgeField(keys.Count, "recipient")) is { } recipient
            && fields.GetValueOrDefault(AgeField(keys.Count, "enc")) is { } wrapped)
        {
            _ = fields.Remove(AgeField(keys.Count, "recipient")) && fields.Remove(AgeField(keys.Count, "enc"));
            keys.Add(new SopsAgeKey(recipient, wrapped));
        }

        return fields.Count == 0 ? keys : throw Wrong($"its list of age recipients is damaged (or has over {MaxRecipients})");
    }

    /// <summary>The flat name of a field of an age recipient.</summary>
    public static string AgeField(int index, string name) =>
        string.Create(CultureInfo.InvariantCulture, $"age{ListMark}{index}{MapMark}{name}");

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\z")]
    private static partial Regex UtcSeconds();

    [GeneratedRegex(@"^3\.[0-9]{1,4}\.[0-9]{1,4}(-[0-9A-Za-z.-]{1,40})?\z")]
    private static partial Regex Release();
}
