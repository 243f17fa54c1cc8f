using System.Text;
using IacCi.Core.Linux;

namespace IacCi.Core.Code;

/// <summary>
/// Where the repository of a work tree stands (gitrepository-layout(5): <c>.git</c> as a folder, or as a file with <c>gitdir:</c>;
/// <c>commondir</c>).
/// </summary>
internal static class GitDir
{
    private const int MaxPointerBytes = 8_192;
    private const string PointerPrefix = "gitdir:";

    /// <summary>The folder of this work tree alone, with its index; null when <paramref name="workTree"/> is none.</summary>
    public static string? OwnOf(string workTree)
    {
        var dotGit = Path.Join(workTree, ".git");
        return FileStatus.Find(dotGit, follow: true) switch
        {
            { IsFolder: true } => dotGit,
            { IsFile: true } when Pointer(dotGit) is { } text && text.StartsWith(PointerPrefix, StringComparison.Ordinal) =>
                Path.GetFullPath(text[PointerPrefix.Length..].Trim(), workTree),
            _ => null,
        };
    }

    /// <summary>The folder that all work trees of the repository share; null when <paramref name="workTree"/> is none.</summary>
    public static string? CommonOf(string workTree)
    {
        var git = OwnOf(workTree);
        var common = git is null ? null : Path.Join(git, "commondir");
        return common is not null && FileStatus.Find(common) is { IsFile: true } ? Path.GetFullPath(Pointer(common), git!) : git;
    }

    private static string Pointer(string path) => Encoding.UTF8.GetString(FileContent.Read(path, MaxPointerBytes).Span).TrimEnd('\n', '\r');
}
