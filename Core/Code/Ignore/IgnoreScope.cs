using System.Text;

namespace IacCi.Core.Code.Ignore;

/// <summary>The rules that hold in a folder: its own, then those of the folders above; the nearest that says something decides.</summary>
/// <param name="Outer">The rules of the folder above; null at the top.</param>
/// <param name="Base">The folder's path from the top, with a <c>/</c> at its end; empty for the top.</param>
/// <param name="Rules">Its own.</param>
internal sealed record IgnoreScope(IgnoreScope? Outer, string Base, IgnoreRules Rules)
{
    private readonly int baseBytes = Encoding.UTF8.GetByteCount(Base);

    /// <summary>Whether the rules leave this path out. The folders above it are known not to be left out.</summary>
    public static bool Ignores(IgnoreScope? scope, string path, bool isFolder)
    {
        var bytes = Encoding.UTF8.GetBytes(path);
        for (; scope is not null; scope = scope.Outer)
        {
            if (scope.Rules.Decide(bytes.AsSpan(scope.baseBytes), isFolder) is { } decided)
            {
                return decided;
            }
        }

        return false;
    }
}
