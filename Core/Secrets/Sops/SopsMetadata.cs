using System.Globalization;
using System.Text.RegularExpressions;

namespace IacCi.Core.Secrets.Sops;

/// <summary>The data key, wrapped for one age recipient.</summary>
/// <param name="Recipient">The recipient, as text: it may be of a kind not supported.</param>
/// <param name="Wrapped">An armored age file that holds the data key.</param>
internal readonly record struct SopsAgeKey(string Recipient, string Wrapped);

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

    private static readonly string[] Rules = ["unencrypted_suffix", "encrypted_suffix", "unencrypted_regex", "encrypted_regex"];
    private static readonly string[] ForeignKinds = ["kms", "gcp_kms", "hckms", "azure_kv", "hc_vault", "pgp"];

    /// <summary>The age recipients.</summary>
    public required IReadOnlyList<SopsAgeKey> AgeKeys { get; init; }

    /// <summary>Kinds of key in the file that this program cannot use.</summary>
    public required IReadOnlyList<string> Foreign { get; init; }

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
        RefuseShares(flat, kinds);
        var lastModified = Required(flat, "lastmodified", UtcSeconds());
        _ = Required(flat, "version", Release());
        return new SopsMetadata
        {
            AgeKeys = ReadAgeKeys(flat),
            Foreign = [.. ForeignKinds.Where(kind => flat.Any(field => KindOf(field.Key) == kind && field.Value is not null))],
            LastModified = lastModified,
            Mac = flat.GetValueOrDefault("mac") is { Length: > 0 } mac ? mac : throw Wrong("mac is missing, so nothing shows that the file is whole"),
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
    public static SecretsException Wrong(string how) => new(SecretsFault.Format, $"the metadata of the SOPS file cannot be used: {how}");

    private static string KindOf(string field) => field.Split(ListMark, 2)[0].Split(MapMark, 2)[0];

    private static void RefuseUnknown(IEnumerable<string> kinds)
    {
        string[] known = ["age", "lastmodified", "mac", "version", "mac_only_encrypted", "shamir_threshold", "key_groups", .. Rules, .. ForeignKinds];
        if (kinds.FirstOrDefault(kind => !known.Contains(kind)) is { } unknown)
        {
            throw Wrong($"it has a field '{unknown}' that this program does not know");
        }
    }

    private static void RefuseShares(IReadOnlyDictionary<string, string?> flat, IEnumerable<string> kinds)
    {
        if (kinds.Any(kind => kind == "key_groups" && flat.Any(field => KindOf(field.Key) == kind && field.Value is not null))
            || flat.GetValueOrDefault("shamir_threshold") is not (null or "0" or "1"))
        {
            throw Wrong("its key is split over key groups (Shamir), which is not supported: encrypt it to one group of age recipients");
        }
    }

    private static string Required(IReadOnlyDictionary<string, string?> flat, string name, Regex form) =>
        flat.GetValueOrDefault(name) is { } value && form.IsMatch(value) ? value : throw Wrong($"{name} is missing or not as sops writes it");

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

    private static List<SopsAgeKey> ReadAgeKeys(IReadOnlyDictionary<string, string?> flat)
    {
        var keys = new List<SopsAgeKey>();
        var fields = flat.Where(field => KindOf(field.Key) == "age" && field.Value is not null).ToDictionary();
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
    public static string AgeField(int index, string name) => string.Create(CultureInfo.InvariantCulture, $"age{ListMark}{index}{MapMark}{name}");

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\z")]
    private static partial Regex UtcSeconds();

    [GeneratedRegex(@"^3\.[0-9]{1,4}\.[0-9]{1,4}(-[0-9A-Za-z.-]{1,40})?\z")]
    private static partial Regex Release();
}
