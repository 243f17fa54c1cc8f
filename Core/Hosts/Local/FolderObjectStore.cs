using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using IacCi.Core.Linux;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Local;

/// <summary>
/// Objects as files in a folder. A file appears whole or not at all, and the system decides between two who create the same one:
/// <c>renameat2(2)</c> with RENAME_NOREPLACE, and <c>link(2)</c>, fail when the name is taken
/// (https://man7.org/linux/man-pages/man2/rename.2.html).
/// </summary>
internal sealed partial class FolderObjectStore : IObjectStore
{
    private const int NoSuchEntry = 2;
    private const int EntryExists = 17;
    private const int Invalid = 22;
    private const int NoSuchCall = 38;
    private const int WorkingFolder = -100;
    private const uint NoReplace = 1;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string root;
    private readonly string staging;
    private readonly Action<string> written;

    /// <summary>Opens a folder, and makes it if there is none.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="written">Gets the key of each object that is written: the local counterpart of an S3 event.</param>
    public FolderObjectStore(string root, Action<string> written)
    {
        this.root = Path.GetFullPath(root);
        this.written = written;
        staging = Path.Combine(this.root, ".staging");
        try
        {
            Directory.CreateDirectory(staging, Private | UnixFileMode.UserExecute);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw new UserException(
                $"cannot make the folder {staging}: {wrong.Message}; give another state folder with --state-dir", inner: wrong);
        }
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>?> GetAsync(string key, long maxBytes, CancellationToken cancellationToken)
    {
        try
        {
            using var file = File.OpenHandle(PathOf(key));
            var length = RandomAccess.GetLength(file);
            if (length > maxBytes)
            {
                throw new ObjectTooLargeException(key, maxBytes);
            }

            var content = new byte[length];
            var read = 0;
            while (read < content.Length && RandomAccess.Read(file, content.AsSpan(read), read) is > 0 and var n)
            {
                read += n;
            }

            return new(content.AsMemory(0, read));
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return new((ReadOnlyMemory<byte>?)null);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<StoredObject?> ReadAsync(string key, long maxBytes, CancellationToken cancellationToken) =>
        await GetAsync(key, maxBytes, cancellationToken) is { } content ? new StoredObject(content, null) : null;

    /// <inheritdoc/>
    public ValueTask<bool> ExistsAsync(string key, CancellationToken cancellationToken) => new(File.Exists(PathOf(key)));

    /// <inheritdoc/>
    public ValueTask<bool> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        new(Create(key, content));

    /// <summary>Creates the object, if the key is free.</summary>
    public bool Create(string key, ReadOnlyMemory<byte> content)
    {
        var temporary = Stage(content);
        var created = false;
        try
        {
            created = TryRename(temporary, PathOf(key));
        }
        finally
        {
            if (!created)
            {
                File.Delete(temporary);
            }
        }

        if (created)
        {
            written(key);
        }

        return created;
    }

    /// <inheritdoc/>
    /// <remarks>The file gets one more name, which costs no room; on another file system it is copied.</remarks>
    public async ValueTask<bool> CreateFromFileAsync(string key, string file, CancellationToken cancellationToken)
    {
        var staged = Path.Combine(staging, Convert.ToHexString(RandomNumberGenerator.GetBytes(12)));
        try
        {
            try
            {
                TryLink(file, staged);
            }
            catch (StoreUnavailableException)
            {
                // Another file system, or one without links.
                await using var from = File.OpenRead(file);
                await using var to = new FileStream(staged, FileMode.CreateNew, FileAccess.Write);
                await from.CopyToAsync(to, cancellationToken);
            }

            if (!TryRename(staged, PathOf(key)))
            {
                return false;
            }
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(root, wrong);
        }
        finally
        {
            File.Delete(staged);
        }

        written(key);
        return true;
    }

    /// <inheritdoc/>
    public ValueTask<Stream?> OpenAsync(string key, long maxBytes, CancellationToken cancellationToken)
    {
        try
        {
            var file = new FileStream(PathOf(key), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 32 << 10);
            if (file.Length > maxBytes)
            {
                file.Dispose();
                throw new ObjectTooLargeException(key, maxBytes);
            }

            return new(file);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return new((Stream?)null);
        }
    }

    /// <inheritdoc/>
    public ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var path = PathOf(key);
        var temporary = Stage(content);
        try
        {
            CreateFolderOf(path);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        written(key);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await ValueTask.CompletedTask;
        var folder = PathOf(prefix[..(prefix.LastIndexOf('/') + 1)]);
        if (!Directory.Exists(folder))
        {
            yield break;
        }

        var keys = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(path => !path.StartsWith(staging, StringComparison.Ordinal))
            .Select(path => Path.GetRelativePath(root, path))
            .Where(key => key.StartsWith(prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .ToList();
        foreach (var key in keys)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return key;
        }
    }

    /// <summary>Where the object with this key stands, whether it exists or not.</summary>
    public string PathOf(string key) => key.Split('/').All(part => part is not ("." or "..")) && !key.StartsWith('/')
        ? Path.Combine(root, key)
        : throw new ArgumentException($"'{key}' is not an object key", nameof(key));

    private string Stage(ReadOnlyMemory<byte> content)
    {
        var temporary = Path.Combine(staging, Convert.ToHexString(RandomNumberGenerator.GetBytes(12)));
        try
        {
            using var file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write, preallocationSize: 0);
            RandomAccess.Write(file, content.Span, 0);
            return temporary;
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw Unwritable(root, wrong);
        }
    }

    private static void CreateFolderOf(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(folder, wrong);
        }
    }

    private static UserException Unwritable(string folder, Exception wrong) =>
        new($"cannot write to {folder}: {wrong.Message}", ExitCode.Fault, wrong);

    /// <summary>Gives a file one more name, and makes the folder of that name if there is none.</summary>
    /// <returns>False when the name is taken.</returns>
    internal static bool TryLink(string from, string to) => Give(to, () => Posix.Link(from, to)) switch
    {
        0 => true,
        EntryExists => false,
        var error => throw Refused(to, error),
    };

    /// <summary>Gives a file another name, and makes the folder of that name if there is none.</summary>
    /// <returns>False when the name is taken, and the file keeps its own.</returns>
    private static bool TryRename(string from, string to)
    {
        switch (Give(to, () => Posix.Rename(WorkingFolder, from, WorkingFolder, to, NoReplace)))
        {
            case 0:
                return true;
            case EntryExists:
                return false;
            case Invalid or NoSuchCall:
                // A file system, or a kernel, that cannot do it in one step.
                var linked = TryLink(from, to);
                if (linked)
                {
                    File.Delete(from);
                }

                return linked;
            case var error:
                throw Refused(to, error);
        }
    }

    /// <returns>0, or the system's error number.</returns>
    private static int Give(string path, Func<int> call)
    {
        var error = call() == 0 ? 0 : Marshal.GetLastPInvokeError();
        if (error == NoSuchEntry)
        {
            CreateFolderOf(path);
            error = call() == 0 ? 0 : Marshal.GetLastPInvokeError();
        }

        return error;
    }

    private static StoreUnavailableException Refused(string path, int error) =>
        new($"cannot create {path}: {Marshal.GetPInvokeErrorMessage(error)}");
}
