using System.Security.Cryptography;

namespace IacCi.Core.Code;

/// <summary>A folder for this user alone, made when it is needed first, and removed with all that is in it.</summary>
/// <param name="parent">Where it is made.</param>
internal sealed class ScratchFolder(string parent) : IDisposable
{
    private readonly Lazy<string> path = new(() => Create(parent));
    private int made;

    /// <summary>A path in it that nobody has got before.</summary>
    public string NewPath() => Path.Join(path.Value, $"{Interlocked.Increment(ref made)}");

    public void Dispose()
    {
        if (path.IsValueCreated && Directory.Exists(path.Value))
        {
            Directory.Delete(path.Value, recursive: true);
        }
    }

    private static string Create(string parent)
    {
        var path = Path.Join(Path.GetFullPath(parent), "iac-ci-code-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)));
        return OperatingSystem.IsWindows()
            ? throw new PlatformNotSupportedException("iac-ci runs on Linux")
            : Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
    }
}
