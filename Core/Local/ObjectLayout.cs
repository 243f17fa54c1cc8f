using IacCi.Core.Runs;

namespace IacCi.Core.Local;

/// <summary>
/// Where in a folder the objects stand: each key is a path, but an order's result stands beside its bundle. A folder costs as much as a file, and a second
/// one for each order would hold nothing else.
/// </summary>
internal static class ObjectLayout
{
    private const string ResultFile = "/result.json";

    /// <summary>The path, relative to the folder, of the object with this key, or of the keys with this prefix.</summary>
    public static string PathOf(string key) =>
        key.StartsWith(RunKeys.CallbackRoot, StringComparison.Ordinal) ? RunKeys.ExecRoot + key[RunKeys.CallbackRoot.Length..] : key;

    /// <summary>The key of the object at this path.</summary>
    public static string KeyOf(string path) =>
        path.StartsWith(RunKeys.ExecRoot, StringComparison.Ordinal) && path.EndsWith(ResultFile, StringComparison.Ordinal)
            ? RunKeys.CallbackRoot + path[RunKeys.ExecRoot.Length..]
            : path;
}
