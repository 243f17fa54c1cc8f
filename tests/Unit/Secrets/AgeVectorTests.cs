using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using IacCi.Core.Secrets;
using IacCi.Core.Secrets.Age;

namespace IacCi.Tests.Unit.Secrets;

/// <summary>The test set that the age format comes with (C2SP CCTV).</summary>
internal sealed class AgeVectorTests
{
    private static readonly Dictionary<string, SecretsError?> Outcomes = new()
    {
        ["success"] = null,
        ["no match"] = SecretsError.NoMatch,
        ["HMAC failure"] = SecretsError.HeaderMac,
        ["header failure"] = SecretsError.Header,
        ["payload failure"] = SecretsError.Payload,
        ["armor failure"] = SecretsError.Armor,
    };

    [Test]
    public async Task Every_vector_ends_as_the_format_demands()
    {
        var vectors = await Vectors();
        var wrong = vectors
            .Where(vector => Excluded(vector) is null)
            .Select(vector => (vector.Name, vector.Expected, Actual: Outcome(vector)))
            .Where(run => run.Actual != Outcomes[run.Expected])
            .Select(run => $"{run.Name}: expected {run.Expected}, was {run.Actual?.ToString() ?? "success"}");
        await Assert.That(string.Join("\n", wrong)).IsEqualTo("");
        await Assert.That(vectors.Count(vector => Excluded(vector) is null)).IsEqualTo(110);
    }

    [Test]
    public async Task A_vector_of_a_kind_not_supported_opens_for_nobody()
    {
        var opened = (await Vectors())
            .Where(vector => Excluded(vector) is not null && Outcome(vector) is null)
            .Select(vector => vector.Name);
        await Assert.That(string.Join("\n", opened)).IsEqualTo("");
    }

    /// <summary>Why a vector does not apply; null if it does.</summary>
    private static string? Excluded(Vector vector) => vector switch
    {
        { Expected: "success" or "header failure" or "payload failure" or "HMAC failure", Kinds: ["hybrid"] } =>
            "needs a post-quantum identity",
        { Name: "armor_hybrid" or "armor_scrypt" } => "armor around a kind that is not supported",
        { Name: "scrypt" } => "needs a passphrase",
        { Expected: "header failure", Kinds: ["scrypt"], Name: not "scrypt_double" } =>
            "the arguments of a passphrase stanza are not looked at: it is passed over",
        _ => null,
    };

    private static SecretsError? Outcome(Vector vector)
    {
        try
        {
            var plain = AgeFile.Decrypt(vector.File, vector.Identities);
            return Convert.ToHexStringLower(SHA256.HashData(plain)) == vector.PayloadHash ? null : SecretsError.Value;
        }
        catch (SecretsException refused)
        {
            return refused.Fault;
        }
    }

    private static async Task<List<Vector>> Vectors()
    {
        var lines = Encoding.ASCII.GetString(await Peers.Node([], "vectors")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Select(line => line.Split(' ')).Select(words => Parse(words[0], Convert.FromBase64String(words[1])))];
    }

    private static Vector Parse(string name, byte[] file)
    {
        var end = file.AsSpan().IndexOf("\n\n"u8);
        var fields = Encoding.UTF8.GetString(file.AsSpan(0, end)).Split('\n').Select(line => line.Split(": ", 2)).ToLookup(
            line => line[0], line => line[1]);
        var body = file[(end + 2)..];
        var identities = fields["identity"].ToList();
        var usable = identities.Where(text => text.StartsWith("AGE-SECRET-KEY-1", StringComparison.Ordinal))
            .Select(AgeIdentity.Parse)
            .ToList();
        string[] kinds =
            [.. usable.Count > 0 ? ["X25519"] : Array.Empty<string>(),
                .. usable.Count < identities.Count ? ["hybrid"] : Array.Empty<string>(),
                .. fields["passphrase"].Any() ? ["scrypt"] : Array.Empty<string>()];
        return new Vector(
            name,
            fields["expect"].Single(),
            fields["compressed"].Any() ? Inflate(body) : body,
            usable.Count > 0 ? usable : [AgeIdentity.Generate()],
            kinds,
            fields["payload"].FirstOrDefault());
    }

    private static byte[] Inflate(byte[] body)
    {
        using var inflated = new MemoryStream();
        using var stream = new ZLibStream(new MemoryStream(body), CompressionMode.Decompress);
        stream.CopyTo(inflated);
        return inflated.ToArray();
    }

    private sealed record Vector(
        string Name, string Expected, byte[] File, IReadOnlyList<AgeIdentity> Identities, string[] Kinds, string? PayloadHash);
}
