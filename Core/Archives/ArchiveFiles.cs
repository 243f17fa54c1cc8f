using System.Buffers;
using System.IO.Compression;
using System.Runtime.ExceptionServices;
using IacCi.Core.Linux;
using Microsoft.Win32.SafeHandles;

namespace IacCi.Core.Archives;

/// <summary>
/// Writes the files of an archive to the disk. That is the work of the system, which does it on several processors when several threads
/// ask: a thread reads as many files as its buffer holds while no other one reads, and writes them while others read.
/// </summary>
/// <param name="files">The files, in the order in which they stand in the archive; their folders are there.</param>
/// <param name="folder">Where they go.</param>
/// <param name="limits">How much there may be, counted as it comes out.</param>
internal sealed class ArchiveFiles(IReadOnlyList<(string Path, ZipArchiveEntry Entry, int Mode)> files, string folder, ArchiveLimits limits)
{
    /// <summary>The most threads: with more, they wait for the file system.</summary>
    public const int MaxThreads = 4;

    /// <summary>Fewer files are not worth a thread.</summary>
    private const int LeastFilesOfThread = 100;

    private const int BufferBytes = 256 << 10;
    private const int MaxFilesInBuffer = 128;

    private readonly Lock reading = new();
    private int next;
    private long total;

    /// <summary>Writes all of them.</summary>
    /// <exception cref="ArchiveRefusedException">One is damaged, or they are too large.</exception>
    /// <exception cref="IOException">The system refuses; its error number is the HResult.</exception>
    public void WriteAll()
    {
        var threads = Math.Clamp(files.Count / LeastFilesOfThread, 1, Math.Min(MaxThreads, Environment.ProcessorCount));
        try
        {
            Parallel.For(0, threads, _ => WriteSome());
        }
        catch (AggregateException all)
        {
            ExceptionDispatchInfo.Throw(all.InnerExceptions[0]);
        }
    }

    private void WriteSome()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        var isWhole = false;
        try
        {
            List<(string Path, UnixFileMode Rights, ReadOnlyMemory<byte> Content)> ready = [];
            while (Read(buffer, ready))
            {
                foreach (var (path, rights, content) in ready)
                {
                    using var file = Create(path, rights);
                    RandomAccess.Write(file, content.Span, fileOffset: 0);
                }
            }

            isWhole = true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            if (!isWhole)
            {
                Stop();
            }
        }
    }

    /// <summary>Reads the next files, as many as there is room for; one that is larger is written at once.</summary>
    /// <returns>False when there is none.</returns>
    private bool Read(byte[] buffer, List<(string Path, UnixFileMode Rights, ReadOnlyMemory<byte> Content)> ready)
    {
        ready.Clear();
        lock (reading)
        {
            for (var filled = 0; next < files.Count && ready.Count < MaxFilesInBuffer; next++)
            {
                var (path, entry, mode) = files[next];
                if (entry.Length < buffer.Length - filled)
                {
                    var length = ReadWhole(entry, buffer.AsSpan(filled));
                    ready.Add((path, UnixMode.FileRights(mode), buffer.AsMemory(filled, length)));
                    filled += length;
                }
                else if (ready.Count == 0)
                {
                    WriteLarge(path, entry, UnixMode.FileRights(mode), buffer);
                }
                else
                {
                    break;
                }
            }
        }

        return ready.Count > 0;
    }

    private int ReadWhole(ZipArchiveEntry entry, Span<byte> buffer)
    {
        using var content = ArchiveReader.Open(entry);
        var length = 0;
        for (int count; length < buffer.Length && (count = ArchiveReader.Read(content, entry, buffer[length..])) > 0;)
        {
            length += count;
        }

        Count(length, entry);
        CheckLength(length, entry);
        return length;
    }

    private void WriteLarge(string path, ZipArchiveEntry entry, UnixFileMode rights, byte[] buffer)
    {
        using var file = Create(path, rights);
        using var content = ArchiveReader.Open(entry);
        long written = 0;
        for (int count; (count = ArchiveReader.Read(content, entry, buffer)) > 0; written += count)
        {
            Count(count, entry);
            RandomAccess.Write(file, buffer.AsSpan(0, count), written);
        }

        CheckLength(written, entry);
    }

    private SafeFileHandle Create(string path, UnixFileMode rights)
    {
        var file = Posix.CreateFile(Path.Join(folder, path), rights);
        if (File.GetUnixFileMode(file) != rights)
        {
            // This process's umask took some away.
            File.SetUnixFileMode(file, rights);
        }

        return file;
    }

    private void Count(int bytes, ZipArchiveEntry entry)
    {
        total += bytes;
        if (total > limits.MaxBytes)
        {
            throw new ArchiveRefusedException(
                $"the archive is larger than {limits.MaxBytes:N0} bytes when unpacked (at {ArchivePath.Show(entry.FullName)})");
        }
    }

    private static void CheckLength(long length, ZipArchiveEntry entry)
    {
        if (length != entry.Length)
        {
            throw ArchivePlan.Refused(entry.FullName, $"has {length:N0} bytes or more, but its header says {entry.Length:N0}");
        }
    }

    /// <summary>The other threads end with what they have read.</summary>
    private void Stop()
    {
        lock (reading)
        {
            next = files.Count;
        }
    }
}
