namespace IacCi.Core.Model;

/// <summary>A file that travels with an order's result.</summary>
/// <param name="Path">Its path in the copy of the code.</param>
/// <param name="Gzip">Its content, gzipped.</param>
internal sealed record KeptFile(string Path, ReadOnlyMemory<byte> Gzip);
