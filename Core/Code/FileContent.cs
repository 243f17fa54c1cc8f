using IacCi.Core.Archives;
using IacCi.Core.Text;

namespace IacCi.Core.Code;

/// <summary>Reads files of a source folder, with errors that a person can act on.</summary>
internal static class FileContent
{
    /// <summary>Opens a regular file.</summary>
    /// <exception cref="UserException">It cannot be opened.</exception>
    public static Stream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, e);
        }
    }

    /// <summary>All bytes of a regular file.</summary>
    /// <exception cref="UserException">It cannot be read, or is larger than <paramref name="maxBytes"/>.</exception>
    public static ReadOnlyMemory<byte> Read(string path, long maxBytes)
    {
        try
        {
            using var stream = Open(path);
            return BoundedRead.All(stream, maxBytes) ??
                throw new UserException($"The file {ArchivePath.Show(path)} is larger than {maxBytes:N0} bytes.");
        }
        catch (IOException e)
        {
            throw Unreadable(path, e);
        }
    }

    /// <summary>Reads a regular file from its beginning.</summary>
    /// <returns>How many bytes were read; when the buffer is full, there may be more.</returns>
    /// <exception cref="UserException">It cannot be read.</exception>
    public static int Read(string path, Span<byte> buffer)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var length = 0;
            for (int count; length < buffer.Length && (count = RandomAccess.Read(file, buffer[length..], length)) > 0;)
            {
                length += count;
            }

            return length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, e);
        }
    }

    private static UserException Unreadable(string path, Exception e) =>
        new(
            $"The file {ArchivePath.Show(path)} cannot be read ({Reason(e)}). Make it readable, or leave it out with .gitignore.",
            inner: e);

    private static string Reason(Exception e) => e switch
    {
        UnauthorizedAccessException => "permission denied",
        FileNotFoundException => "it is gone",
        _ => "input/output error",
    };
}
