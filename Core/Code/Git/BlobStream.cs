using System.Text;
using IacCi.Core.Text;

namespace IacCi.Core.Code.Git;

/// <summary>The line before a blob.</summary>
/// <param name="Id">The id of the blob.</param>
/// <param name="Size">Its bytes; null when it is not there, or no blob.</param>
internal readonly record struct BlobHeader(string Id, long? Size);

/// <summary>
/// Reads the answers of <c>git cat-file --batch</c> (git-cat-file(1), "BATCH OUTPUT"): a line <c>id type size</c>, the bytes, a line feed;
/// or a line <c>id missing</c>.
/// </summary>
internal static class BlobStream
{
    private const int BufferBytes = 256 << 10;
    private const int MaxHeaderBytes = 256;

    /// <summary>Reads to the end.</summary>
    /// <param name="output">What git writes.</param>
    /// <param name="maxBytes">Of a blob that has more, null is handed on.</param>
    /// <param name="take">Takes a blob.</param>
    /// <param name="miss">Takes the id of one that is not there.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="UserException">Git ended in the middle of an answer.</exception>
    public static void Read(
        Stream output, int maxBytes, Action<string, ReadOnlyMemory<byte>?> take, Action<string> miss, CancellationToken cancellationToken)
    {
        try
        {
            ReadAll(output, maxBytes, take, miss, cancellationToken);
        }
        catch (EndOfStreamException end)
        {
            throw new UserException("git cat-file broke off; look at the repository with 'git fsck'.", inner: end);
        }
    }

    /// <summary>Reads a line.</summary>
    /// <returns>Null at the end.</returns>
    /// <exception cref="EndOfStreamException">It ends in the middle of the line, or the line is none of git's.</exception>
    public static BlobHeader? ReadHeader(BufferedStream output)
    {
        var line = new StringBuilder();
        for (int next; (next = output.ReadByte()) >= 0 && line.Length < MaxHeaderBytes; line.Append((char)next))
        {
            if (next == '\n')
            {
                return line.ToString().Split(' ') is [var id, "blob", var digits] && long.TryParse(digits, out var size)
                    ? new BlobHeader(id, size)
                    : new BlobHeader(line.ToString().Split(' ')[0], null);
            }
        }

        return line.Length == 0 ? null : throw new EndOfStreamException();
    }

    private static void ReadAll(
        Stream output, int maxBytes, Action<string, ReadOnlyMemory<byte>?> take, Action<string> miss, CancellationToken cancellationToken)
    {
        using var buffered = new BufferedStream(output, BufferBytes);
        var content = new byte[64 << 10];
        while (ReadHeader(buffered) is { } header)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (header.Size is not { } size)
            {
                miss(header.Id);
                continue;
            }

            if (size > maxBytes)
            {
                Skip(buffered, size + 1, content);
                take(header.Id, null);
                continue;
            }

            content = content.Length > size ? content : new byte[Math.Max(size + 1, content.Length * 2L)];
            buffered.ReadExactly(content, 0, (int)size + 1);
            take(header.Id, content.AsMemory(0, (int)size));
        }
    }

    private static void Skip(BufferedStream output, long bytes, byte[] buffer)
    {
        while (bytes > 0)
        {
            var read = output.Read(buffer, 0, (int)Math.Min(buffer.Length, bytes));
            bytes -= read > 0 ? read : throw new EndOfStreamException();
        }
    }
}
