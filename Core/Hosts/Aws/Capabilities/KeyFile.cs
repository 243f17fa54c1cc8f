using System.Text.Json;
using System.Text.Json.Serialization;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Capabilities;

/// <summary>
/// All that a worker is handed (<c>key.json</c>): the identities of its order, and signed URLs of what it may read. What it may write is in
/// the dispatch file, encrypted to those identities. The engine writes it anew before the URLs expire.
/// </summary>
internal sealed record KeyFile
{
    /// <summary>The largest file, in bytes.</summary>
    public const int MaxBytes = 64 << 10;

    /// <summary>The order's identities (<c>AGE-SECRET-KEY-1...</c>); none when the order has a key of its own that the worker has to
    /// find.</summary>
    public required IReadOnlyList<string> Identities { get; init; }

    /// <summary>Where the bundle is.</summary>
    public required string BundleUrl { get; init; }

    /// <summary>Where the code is; null when the order has none.</summary>
    public string? CodeUrl { get; init; }

    /// <summary>Where the dispatch file is.</summary>
    public required string DispatchUrl { get; init; }

    /// <summary>Where a request to stop appears.</summary>
    public required string StopUrl { get; init; }

    /// <summary>Where this file is: the URL lasts as long as the others.</summary>
    public required string KeyUrl { get; init; }

    /// <summary>When the URLs were signed.</summary>
    public required DateTimeOffset SignedAt { get; init; }

    /// <summary>From when a newer file may be there.</summary>
    public required DateTimeOffset RenewAt { get; init; }

    /// <summary>The file.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, CapabilityJson.Default.KeyFile);

    /// <summary>Reads a file.</summary>
    /// <exception cref="UserException">It is no key file. The message quotes nothing of it.</exception>
    public static KeyFile Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, CapabilityJson.Default.KeyFile) ?? throw Wrong();
        }
        catch (JsonException)
        {
            // Not as the inner exception: its message may quote a key.
            throw Wrong();
        }

        static UserException Wrong() => new("the key file of the order is not what an engine of this version writes");
    }

    /// <summary>The identities.</summary>
    /// <exception cref="Secrets.SecretsException">One is no identity.</exception>
    public IReadOnlyList<AgeIdentity> ParseIdentities() => [.. Identities.Select(AgeIdentity.Parse)];

    /// <summary>Says nothing of what is in it.</summary>
    public override string ToString() => nameof(KeyFile);
}

/// <summary>The JSON of key files and dispatch files.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(KeyFile))]
[JsonSerializable(typeof(DispatchUrls))]
internal sealed partial class CapabilityJson : JsonSerializerContext;
