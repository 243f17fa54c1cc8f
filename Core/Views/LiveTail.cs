using System.Text;

namespace IacCi.Core.Views;

/// <summary>
/// Shows what comes into a live log. The file stays open: its writer removes it when the order has ended, and what was written last can be read
/// nevertheless (unlink(2)).
/// </summary>
/// <param name="path">Where the live log is, or will be; null when there is none.</param>
/// <param name="output">Where it is shown.</param>
internal sealed class LiveTail(string? path, Stream output) : IDisposable
{
    private const int BufferBytes = 64 << 10;

    private readonly byte[] buffer = new byte[BufferBytes];
    private FileStream? file;
    private bool endsInLine;

    /// <summary>Shows what is new.</summary>
    public void ShowNews()
    {
        file ??= Open();
        while (file?.Read(buffer) is > 0 and var read)
        {
            Show(buffer.AsSpan(0, read));
        }

        output.Flush();
    }

    /// <summary>Shows what is left: the rest of the live log, if any of it was shown, or else the whole log.</summary>
    public void Finish(string log)
    {
        if (file is null)
        {
            Show(Encoding.UTF8.GetBytes(log));
        }
        else
        {
            ShowNews();
        }

        if (endsInLine)
        {
            Show("\n"u8);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file?.Dispose();

    private void Show(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
        {
            output.Write(bytes);
            endsInLine = bytes[^1] != (byte)'\n';
        }
    }

    private FileStream? Open()
    {
        try
        {
            return path is null ? null : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
