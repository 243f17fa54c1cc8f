namespace IacCi.Core.Text;

/// <summary>Tells content that was compressed by mistake, for a better word than "not readable".</summary>
internal static class Compression
{
    /// <summary>Whether content begins as gzip does (RFC 1952, section 2.3.1); no text in UTF-8 begins so.</summary>
    public static bool IsGzip(ReadOnlySpan<byte> content) => content is [0x1f, 0x8b, ..];
}
