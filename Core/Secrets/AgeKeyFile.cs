using System.Globalization;
using IacCi.Core.Secrets.Age;

namespace IacCi.Core.Secrets;

/// <summary>Files of one key, written as age-keygen writes them.</summary>
internal static class AgeKeyFile
{
    /// <summary>The text of a key file: when it was made, the public key, the secret key.</summary>
    /// <param name="identity">The key.</param>
    /// <param name="created">When, in the zone of the person who reads it.</param>
    public static string Text(AgeIdentity identity, DateTimeOffset created)
    {
        var zone = created.Offset == TimeSpan.Zero ? "'Z'" : "zzz";
        var time = created.ToString($"yyyy-MM-dd'T'HH:mm:ss{zone}", CultureInfo.InvariantCulture);
        return $"# created: {time}\n# public key: {identity.Recipient}\n{identity}\n";
    }
}
