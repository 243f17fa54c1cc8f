namespace IacCi.Core.Bundles;

/// <summary>
/// Removes folders that commands had in their hands: they may have taken the right to write away, and links are not followed.
/// </summary>
internal static class FolderRemoval
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Removes a folder and what is in it, as far as the system allows.</summary>
    /// <returns>False when something is left.</returns>
    internal static bool Remove(string folder) => TryRemove(folder) || (Unlock(folder) && TryRemove(folder));

    /// <summary>Removes what is in a folder, but not the folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="except">Names of entries that stay.</param>
    /// <returns>False when something is left that does not stay.</returns>
    internal static bool Empty(string folder, IReadOnlySet<string>? except = null)
    {
        var all = true;
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos().Where(entry => except?.Contains(entry.Name) != true))
        {
            all &= entry is DirectoryInfo { LinkTarget: null } ? Remove(entry.FullName) : TryDelete(entry);
        }

        return all;
    }

    private static bool TryRemove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            // The caller tries again with the rights given back, or says that something is left.
            return false;
        }
    }

    private static bool TryDelete(FileSystemInfo entry)
    {
        try
        {
            entry.Delete();
            return true;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            // The answer says that something is left.
            return false;
        }
    }

    internal static bool Unlock(string folder)
    {
        try
        {
            var open = new Stack<DirectoryInfo>([new DirectoryInfo(folder)]);
            while (open.TryPop(out var next))
            {
                next.UnixFileMode = OwnerOnly;
                foreach (var child in next.EnumerateDirectories().Where(child => child.LinkTarget is null))
                {
                    open.Push(child);
                }
            }

            return true;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            // A file of another user: the answer says that something is left.
            return false;
        }
    }
}
