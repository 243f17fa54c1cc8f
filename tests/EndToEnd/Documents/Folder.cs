using System.Diagnostics;
using IacCi.Tests.EndToEnd.Local;

namespace IacCi.Tests.EndToEnd.Documents;

/// <summary>A folder in which the commands of the documents find what they speak of, and the program as <c>iac-ci</c>.</summary>
internal sealed class Folder : IDisposable
{
    private readonly LocalFixture place = new(), programs = new();

    public Folder()
    {
        File.CreateSymbolicLink(programs["iac-ci"], Binary.Require());
        foreach (var file in Directory.EnumerateFiles(Path.Join(Pages.Root, "examples"), "*", SearchOption.AllDirectories))
        {
            var copy = place[Path.GetRelativePath(Pages.Root, file)];
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    public string this[string name] => place[name];

    public Dictionary<string, string?> Environment { get; } = [];

    public Folder With(string name, string content)
    {
        place.With(name, content);
        return this;
    }

    public Started Start(string line, string? folder = null)
    {
        var info = new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", line]) { WorkingDirectory = folder ?? place.Path };
        info.Environment["PATH"] = $"{programs.Path}:{info.Environment["PATH"]}";
        foreach (var (name, value) in Environment)
        {
            info.Environment[name] = value;
        }

        return new Started(info, "");
    }

    /// <summary>Runs a line as a person types it; it has to succeed.</summary>
    public async Task<Ended> RunAsync(string line, string? folder = null)
    {
        using var started = Start(line, folder);
        var ended = await started.EndAsync();
        await Assert.That(ended.ExitCode).IsEqualTo(0).Because($"{line}\n{ended}");
        return ended;
    }

    public void Dispose()
    {
        place.Dispose();
        programs.Dispose();
    }
}
