using System.Text;

namespace IacCi.Core.Code;

/// <summary>Which paths a tree of code may have: relative ones that stay inside, whoever made them.</summary>
internal static class TreePath
{
    /// <summary>Says what is wrong with a path; null when nothing is.</summary>
    public static string? Problem(string path)
    {
        if (path.Length == 0 || path[0] == '/')
        {
            return "is not a path below the folder";
        }

        if (path.Contains('\0') || path.Contains('\uFFFD'))
        {
            return "has a name that is not UTF-8 text; rename it";
        }

        if (Encoding.UTF8.GetByteCount(path) > CodeLimits.MaxPathBytes)
        {
            return $"is longer than {CodeLimits.MaxPathBytes:N0} bytes";
        }

        return path.Split('/').Select(NameProblem).FirstOrDefault(problem => problem is not null);
    }

    /// <summary>Writes a path so that a message stays one line of plain text.</summary>
    public static string Show(string path) => "'" + string.Concat(path.Select(c => char.IsControl(c) ? '?' : c)) + "'";

    private static string? NameProblem(string name) => name switch
    {
        "" => "has an empty name in it",
        "." or ".." => $"has the name '{name}' in it",
        _ when name.Equals(".git", StringComparison.OrdinalIgnoreCase) => "is inside a .git folder",
        _ when Encoding.UTF8.GetByteCount(name) > CodeLimits.MaxNameBytes => $"has a name of more than {CodeLimits.MaxNameBytes} bytes",
        _ => null,
    };
}
