namespace IacCi.Tests.EndToEnd.GitHub;

/// <summary>The npm packages in tests/peers, which <c>npm ci</c> in that folder fetches.</summary>
internal static class Peers
{
    /// <summary>A file of a package.</summary>
    internal static string File(string path)
    {
        var file = Path.Combine(Repository.Root, "tests", "peers", "node_modules", path);
        return System.IO.File.Exists(file) ? file : throw new FileNotFoundException($"{file} is missing: run 'npm ci' in tests/peers");
    }
}
