namespace IacCi.Tests.EndToEnd.GitHub;

/// <summary>The npm packages in tests/peers, which <c>npm ci</c> in that folder fetches.</summary>
internal static class Peers
{
    /// <summary>The root of the repository, found from where the tests run.</summary>
    internal static string Root { get; } = FindRoot();

    /// <summary>A file of a package.</summary>
    internal static string File(string path)
    {
        var file = Path.Combine(Root, "tests", "peers", "node_modules", path);
        return System.IO.File.Exists(file) ? file : throw new FileNotFoundException($"{file} is missing: run 'npm ci' in tests/peers");
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !System.IO.File.Exists(Path.Combine(folder.FullName, "IacCi.csproj")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("the tests have to run from within the repository");
    }
}
