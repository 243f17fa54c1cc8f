using System.Text;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Terminal;

/// <summary>
/// Shows what comes into a live log. The file stays open: its writer removes it when the order has ended, and what was written last can be
/// read nevertheless (unlink(2)).
/// </summary>
/// <param name="path">Where the live log is, or will be; null when there is none.</param>
/// <param name="output">Where it is shown.</param>
internal sealed class LiveTail(string? path, Stream output) : IDisposable
{
    /// <summary>The most characters of a log's end that are shown after a gap.</summary>
    private const int MaxEndChars = 1 << 20;

    private const int BufferBytes = 64 << 10;

    /// <summary>How many bytes at the end of what was shown are looked for in the whole log.</summary>
    private const int EndBytes = 1 << 10;

    private readonly byte[] buffer = new byte[BufferBytes];
    private byte[] last = [];
    private long written;
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
            Show(Encoding.UTF8.GetBytes(MissingEnd(log)));
        }

        if (endsInLine)
        {
            Show("\n"u8);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file?.Dispose();

    /// <summary>
    /// What the whole log has and the live log has not: a live log ends where there was too much output, or no room on the disk. The last
    /// lines that were shown are looked for in the log; where they are not there, the log's end is shown after a word about the gap.
    /// </summary>
    private string MissingEnd(string log)
    {
        if (written < LiveLogFile.MaxBytes && !log.Contains(LiveLogFile.Stopped, StringComparison.Ordinal))
        {
            return "";
        }

        var lines = LogText.From(last).Replace(LiveLogFile.TooMuch, "", StringComparison.Ordinal);
        lines = lines[(lines.IndexOf('\n', StringComparison.Ordinal) + 1)..];
        var at = lines.Length == 0 ? -1 : log.LastIndexOf(lines, StringComparison.Ordinal);
        return at >= 0 ? log[(at + lines.Length)..] : LiveLogFile.Gap + Cut.Tail(log, MaxEndChars);
    }

    private void Remember(ReadOnlySpan<byte> bytes)
    {
        written += bytes.Length;
        var kept = last.AsSpan(Math.Clamp(last.Length + bytes.Length - EndBytes, 0, last.Length));
        last = [.. kept, .. bytes[Math.Max(0, bytes.Length - EndBytes)..]];
    }

    private void Show(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
        {
            output.Write(bytes);
            Remember(bytes);
            endsInLine = bytes[^1] != (byte)'\n';
        }
    }

    private FileStream? Open()
    {
        try
        {
            return path is null
                ? null
                : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
