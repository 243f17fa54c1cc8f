using System.Diagnostics;

namespace IacCi.Tests.Unit.Secrets;

/// <summary>Runs other people's implementations. One that is missing fails the test: a check that is skipped proves nothing.</summary>
internal static class Peers
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The tests folder of the repository.</summary>
    public static string TestsFolder { get; } = FindTests();

    /// <summary>Asks tests/peers/peers.mjs.</summary>
    public static Task<byte[]> Node(byte[] input, params string[] question)
    {
        var folder = Environment.GetEnvironmentVariable("IAC_CI_TEST_PEERS") ?? Path.Combine(TestsFolder, "peers");
        return Directory.Exists(Path.Combine(folder, "node_modules"))
            ? Run("node", input, [Path.Combine(folder, "peers.mjs"), .. question])
            : throw new InvalidOperationException($"{folder}/node_modules is missing: run 'npm ci' in {folder}");
    }

    /// <summary>Runs Debian's age.</summary>
    public static Task<byte[]> Age(byte[] input, params string[] arguments) => Run("age", input, arguments);

    /// <summary>A file of the fixtures.</summary>
    public static byte[] Fixture(string name) => File.ReadAllBytes(Path.Combine(TestsFolder, "fixtures", "sops", name));

    /// <summary>Runs a program to its end.</summary>
    /// <returns>What it wrote to standard output.</returns>
    public static async Task<byte[]> Run(string program, byte[] input, params string[] arguments)
    {
        var (code, output, errors) = await Try(program, input, new Dictionary<string, string?>(), arguments);
        return code == 0 ? output : throw new InvalidOperationException($"{program} ended with {code}: {errors}");
    }

    /// <summary>Runs a program to its end, however it ends.</summary>
    public static async Task<(int Code, byte[] Output, string Errors)> Try(
        string program, byte[] input, IReadOnlyDictionary<string, string?> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var late = new CancellationTokenSource(Patience, TimeProvider.System);
        using var process = Process.Start(start)!;
        using var output = new MemoryStream();
        var reading = process.StandardOutput.BaseStream.CopyToAsync(output, late.Token);
        var errors = process.StandardError.ReadToEndAsync(late.Token);
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input, late.Token);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // A program that refuses before it has read all its input closes the pipe; its exit code tells.
        }

        await reading;
        await process.WaitForExitAsync(late.Token);
        return (process.ExitCode, output.ToArray(), await errors);
    }

    private static string FindTests()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "peers", "package.json")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no tests folder above {AppContext.BaseDirectory}");
    }
}
