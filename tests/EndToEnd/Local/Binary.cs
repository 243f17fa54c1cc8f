namespace IacCi.Tests.EndToEnd.Local;

/// <summary>The published program, as people get it.</summary>
internal static class Binary
{
    /// <summary>Where it stands: IAC_CI_BINARY, else dist/iac-ci below the repository's root. A test without it fails.</summary>
    public static string Path { get; } = Environment.GetEnvironmentVariable("IAC_CI_BINARY") is { Length: > 0 } named
        ? named
        : System.IO.Path.Join(Repository.Root, "dist", "iac-ci");

    public static string Require() => File.Exists(Path)
        ? Path
        : throw new InvalidOperationException($"there is no program at {Path}; './build.sh' publishes it, IAC_CI_BINARY names another");
}
