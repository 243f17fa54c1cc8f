using IacCi.Core.Model;
using IacCi.Core.Worker.Output;

namespace IacCi.Core.Hosts.Local;

/// <summary>Keeps the output of running orders in files, for whoever follows it, and tells the last line of each.</summary>
/// <param name="folder">Where the files stand.</param>
/// <param name="lastLine">Gets each last whole line.</param>
internal sealed class LiveLogs(string folder, Action<OrderNum, string> lastLine) : ILiveLogs
{
    /// <summary>The longest line that is passed on, in bytes.</summary>
    private const int MaxLineBytes = 400;

    private const int ReadBytes = 64 << 10;

    /// <inheritdoc/>
    public LogBuffer TakeLeft(RunId run, OrderNum num)
    {
        var path = LiveLogFile.PathOf(folder, run, num);
        var log = new LogBuffer();
        if (File.Exists(path))
        {
            using var file = File.OpenRead(path);
            var buffer = new byte[ReadBytes];
            while (file.Read(buffer) is > 0 and var read)
            {
                log.Append(buffer.AsSpan(0, read));
            }

            File.Delete(path);
        }

        return log;
    }

    /// <inheritdoc/>
    public ILiveLog Open(RunId run, OrderNum num) => new LiveLog(LiveLogFile.PathOf(folder, run, num), line => lastLine(num, line));

    private sealed class LiveLog(string path, Action<string> lastLine) : ILiveLog
    {
        private FileStream? file;
        private long written;

        public void Write(ReadOnlySpan<byte> output)
        {
            TellLastLine(output);
            if (file is null)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            }

            Keep(output);
        }

        private void Keep(ReadOnlySpan<byte> output)
        {
            if (written < LiveLogFile.MaxBytes)
            {
                file!.Write(output);
                written += output.Length;
                if (written >= LiveLogFile.MaxBytes)
                {
                    file.Write(System.Text.Encoding.UTF8.GetBytes(LiveLogFile.TooMuch));
                }
            }
        }

        public void Dispose()
        {
            // The whole log is in the result by now.
            if (file is not null)
            {
                file.Dispose();
                File.Delete(path);
            }
        }

        private void TellLastLine(ReadOnlySpan<byte> output)
        {
            var text = output.TrimEnd("\r\n"u8);
            var line = text[(text.LastIndexOfAny((byte)'\n', (byte)'\r') + 1)..];
            if (!line.IsEmpty)
            {
                lastLine(System.Text.Encoding.UTF8.GetString(line[..Math.Min(line.Length, MaxLineBytes)]));
            }
        }
    }
}
