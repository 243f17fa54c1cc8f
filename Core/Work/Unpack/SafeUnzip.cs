using System.Buffers;
using System.IO.Compression;
using IacCi.Core.Faults;

namespace IacCi.Core.Work.Unpack;

/// <summary>An archive holds something that is not unpacked. The message names the entry.</summary>
public sealed class ArchiveRefusedException(string message, Exception? inner = null) : UserException(message, inner: inner)
{
}

/// <summary>How much an archive may hold.</summary>
public sealed record UnzipLimits
{
    /// <summary>The limits of every order.</summary>
    public static UnzipLimits Default { get; } = new();

    /// <summary>The most entries.</summary>
    public int MaxEntries { get; init; } = 100_000;

    /// <summary>The most bytes, unpacked and all together, as they are really written.</summary>
    public long MaxBytes { get; init; } = 2L * 1024 * 1024 * 1024;

    /// <summary>The most bytes per byte of the archive, once <see cref="RatioFreeBytes"/> are written.</summary>
    public int MaxRatio { get; init; } = 200;

    /// <summary>Up to this many bytes the ratio does not matter.</summary>
    public long RatioFreeBytes { get; init; } = 64 * 1024 * 1024;
}

/// <summary>
/// Unpacks a zip that somebody else made. Nothing lands outside the new folder: no absolute path, no <c>..</c>, no backslash, no
/// entry through a link, no link that leaves the folder, nothing but files, folders and such links. Sizes are counted as
/// they are written, whatever the headers say. File modes are 0755 or 0644; other bits are not taken over.
/// </summary>
public static class SafeUnzip
{
    private const int BufferBytes = 128 * 1024;
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode RunBits = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Unpacks a whole archive.</summary>
    /// <param name="archive">The archive; it can be sought.</param>
    /// <param name="folder">A folder that does not exist yet. It is made with mode 0700, and removed again when the archive is refused.</param>
    /// <param name="limits">How much it may hold.</param>
    /// <exception cref="ArchiveRefusedException">It is no zip, or holds what is not unpacked.</exception>
    public static void Extract(Stream archive, string folder, UnzipLimits limits)
    {
        if (Path.Exists(folder))
        {
            throw new IOException($"{folder} exists: an archive is unpacked into a new folder");
        }

        Directory.CreateDirectory(folder, FolderMode);
        var done = false;
        try
        {
            ExtractInto(archive, folder, limits, new Dictionary<string, int>());
            done = true;
        }
        finally
        {
            if (!done)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    /// <summary>Unpacks an archive, but for some files of its top, which it reads instead: what is only read does not have to touch the disk.</summary>
    /// <param name="archive">The archive; it can be sought.</param>
    /// <param name="folder">A folder that holds nothing but empty folders. When the archive is refused, a part of it may be there.</param>
    /// <param name="limits">How much it may hold.</param>
    /// <param name="inMemory">The names of the files that are read, and the most bytes of each.</param>
    /// <returns>The files that were read, as far as there are any.</returns>
    /// <exception cref="ArchiveRefusedException">It is no zip, or holds what is not unpacked.</exception>
    public static IReadOnlyDictionary<string, ReadOnlyMemory<byte>> ExtractInto(
        Stream archive, string folder, UnzipLimits limits, IReadOnlyDictionary<string, int> inMemory)
    {
        try
        {
            ZipDirectory.CheckCount(archive, limits.MaxEntries);
            using var zip = new ZipArchive(archive, ZipArchiveMode.Read, leaveOpen: true);
            var plan = ArchivePlan.Of(zip, limits.MaxEntries);
            var read = plan.Files.Where(file => inMemory.ContainsKey(file.Path)).ToDictionary(file => file.Path, file => ReadFile(file.Entry, inMemory[file.Path]));
            plan.Files.RemoveAll(file => read.ContainsKey(file.Path));
            Write(plan, Path.GetFullPath(folder), new Budget(limits, archive.Length));
            return read;
        }
        catch (InvalidDataException broken)
        {
            throw new ArchiveRefusedException($"the archive is damaged or no zip: {broken.Message}", broken);
        }
    }

    private static void Write(ArchivePlan plan, string folder, Budget budget)
    {
        foreach (var path in plan.Folders)
        {
            MakeFolder(folder, path);
        }

        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        foreach (var (path, entry, runs) in plan.Files)
        {
            MakeFolder(folder, Path.GetDirectoryName(path)!);
            WriteFile(Path.Join(folder, path), entry, runs, budget, buffer);
        }

        ArrayPool<byte>.Shared.Return(buffer);

        // Links come last, so that nothing is ever written through one.
        foreach (var (path, target) in plan.Links)
        {
            MakeFolder(folder, Path.GetDirectoryName(path)!);
            File.CreateSymbolicLink(Path.Join(folder, path), target);
        }
    }

    private static void MakeFolder(string root, string path)
    {
        if (path.Length > 0)
        {
            Directory.CreateDirectory(Path.Join(root, path));
        }
    }

    private static void WriteFile(string path, ZipArchiveEntry entry, bool runs, Budget budget, byte[] buffer)
    {
        var options = new FileStreamOptions
        {
            Mode = System.IO.FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = runs ? FileMode | RunBits : FileMode,
            BufferSize = 0,
        };
        using var file = new FileStream(path, options);
        using var content = Open(entry);
        long written = 0;
        int count;
        while ((count = Read(content, entry, buffer)) > 0)
        {
            budget.Take(count, entry.FullName);
            file.Write(buffer, 0, count);
            written += count;
        }

        if (written != entry.Length)
        {
            throw new ArchiveRefusedException($"the archive's entry '{entry.FullName}' has {written:N0} bytes, but its header says {entry.Length:N0}");
        }
    }

    private static ReadOnlyMemory<byte> ReadFile(ZipArchiveEntry entry, int maxBytes)
    {
        using var content = Open(entry);
        var bytes = new byte[(int)Math.Min(entry.Length, maxBytes) + 1];
        var length = 0;
        while (length < bytes.Length && Read(content, entry, bytes.AsSpan(length)) is > 0 and var count)
        {
            length += count;
        }

        return length == entry.Length
            ? bytes.AsMemory(0, length)
            : throw new ArchiveRefusedException($"the archive's entry '{entry.FullName}' is larger than {maxBytes:N0} bytes, or not as long as its header says");
    }

    internal static Stream Open(ZipArchiveEntry entry)
    {
        if (entry.IsEncrypted)
        {
            throw new ArchiveRefusedException($"the archive's entry '{entry.FullName}' is encrypted with a password");
        }

        try
        {
            return entry.Open();
        }
        catch (InvalidDataException broken)
        {
            throw Damaged(entry, broken);
        }
    }

    internal static int Read(Stream content, ZipArchiveEntry entry, Span<byte> buffer)
    {
        try
        {
            return content.Read(buffer);
        }
        catch (InvalidDataException broken)
        {
            throw Damaged(entry, broken);
        }
    }

    private static ArchiveRefusedException Damaged(ZipArchiveEntry entry, InvalidDataException broken) =>
        new($"the archive's entry '{entry.FullName}' is damaged: {broken.Message}", broken);

    /// <summary>Counts what is really written.</summary>
    private sealed class Budget(UnzipLimits limits, long archiveBytes)
    {
        private long written;

        public void Take(int bytes, string entry)
        {
            written += bytes;
            if (written > limits.MaxBytes)
            {
                throw new ArchiveRefusedException($"the archive is larger than {limits.MaxBytes:N0} bytes when unpacked (at '{entry}')");
            }

            if (written > limits.RatioFreeBytes && written / limits.MaxRatio > archiveBytes)
            {
                throw new ArchiveRefusedException($"the archive unpacks to more than {limits.MaxRatio} times its size (at '{entry}'): this looks like a bomb");
            }
        }
    }
}
