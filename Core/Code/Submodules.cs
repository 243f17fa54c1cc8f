using System.Text;
using IacCi.Core.Linux;

namespace IacCi.Core.Code;

/// <summary>
/// Which folders of a work tree are submodules, by its .gitmodules (gitmodules(5)): enough to notice one that was not checked out.
/// </summary>
internal static class Submodules
{
    private const int MaxFileBytes = 1 << 20;

    /// <summary>Whether a path of a walk is a submodule of the work tree.</summary>
    public static bool Has(WalkedRepository repository, string path)
    {
        var file = Path.Join(repository.WorkTree, ".gitmodules");
        if (FileStatus.Find(file) is not { IsFile: true, Size: <= MaxFileBytes })
        {
            return false;
        }

        var below = repository.Path.Length == 0 ? path : path[(repository.Path.Length + 1)..];
        var fromTop = Path.GetRelativePath(repository.WorkTree, Path.Join(repository.Folder, below));
        return Encoding.UTF8.GetString(FileContent.Read(file, MaxFileBytes).Span).Split('\n')
            .Select(line => line.Split('=', 2, StringSplitOptions.TrimEntries))
            .Any(parts => parts is ["path", var module] && module.Trim('"') == fromTop);
    }
}
