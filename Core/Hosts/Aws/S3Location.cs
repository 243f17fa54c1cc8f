using System.Diagnostics.CodeAnalysis;

namespace IacCi.Core.Hosts.Aws;

/// <summary>Where an object is: <c>s3://bucket/key</c>.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Key">The key.</param>
internal readonly record struct S3Location(string Bucket, string Key)
{
    private const string Scheme = "s3://";

    /// <summary>Reads a location; false when the text is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out S3Location location)
    {
        location = default;
        if (text is null || !text.StartsWith(Scheme, StringComparison.Ordinal))
        {
            return false;
        }

        var slash = text.IndexOf('/', Scheme.Length);
        if (slash <= Scheme.Length || slash == text.Length - 1)
        {
            return false;
        }

        location = new S3Location(text[Scheme.Length..slash], text[(slash + 1)..]);
        return true;
    }

    /// <summary>What all locations in a bucket begin with.</summary>
    public static string Root(string bucket) => $"{Scheme}{bucket}/";

    /// <inheritdoc/>
    public override string ToString() => Root(Bucket) + Key;
}
