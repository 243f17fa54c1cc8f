using System.Security.Cryptography;
using IacCi.Core.Text;

namespace IacCi.Core.Archives;

/// <summary>
/// A file that is written from its beginning to its end and hashed on the way. It cannot be sought: what is written stands.
/// </summary>
internal sealed class ArchiveFile : WriteOnlyStream
{
    private const int BufferBytes = 1 << 20;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly FileStream file;
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] buffer = new byte[BufferBytes];
    private int filled;
    private long length;

    /// <summary>Makes the file, for this user alone.</summary>
    public ArchiveFile(string path) => file = new FileStream(
        path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0, UnixCreateMode = OwnerOnly });

    /// <summary>How many bytes were written.</summary>
    public override long Length => length;

    public override long Position
    {
        get => length;
        set => throw new NotSupportedException();
    }

    /// <summary>Ends the file.</summary>
    /// <returns>Its SHA-256, lower-case hex.</returns>
    public string Finish()
    {
        Empty();
        file.Dispose();
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public override void Write(ReadOnlySpan<byte> bytes)
    {
        length += bytes.Length;
        while (bytes.Length > 0)
        {
            var count = Math.Min(bytes.Length, buffer.Length - filled);
            bytes[..count].CopyTo(buffer.AsSpan(filled));
            filled += count;
            bytes = bytes[count..];
            if (filled == buffer.Length)
            {
                Empty();
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            file.Dispose();
            hash.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Empty()
    {
        var ready = buffer.AsSpan(0, filled);
        hash.AppendData(ready);
        file.Write(ready);
        filled = 0;
    }
}
