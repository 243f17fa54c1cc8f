using System.Diagnostics;

namespace IacCi.Tests.Unit.Code;

/// <summary>A folder that is gone after the test, and git as a person would use it in there.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("iac-ci-test-").FullName;

    public string this[string name] => System.IO.Path.Join(Path, name);

    public TempFolder With(string name, string content = "x")
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], content);
        return this;
    }

    public TempFolder WithLink(string name, string target)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        File.CreateSymbolicLink(this[name], target);
        return this;
    }

    public TempFolder Commit(out string commit)
    {
        Git("init", "-q", "-b", "main");
        Git("add", "-A", "-f");
        Git("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "c");
        commit = Git("rev-parse", "HEAD").Trim();
        return this;
    }

    public string Git(params string[] arguments) => Run("git", ["-C", Path, .. arguments]);

    public static string Run(string program, params string[] arguments)
    {
        var info = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        info.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        info.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        using var process = Process.Start(info)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {process.ExitCode}");
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
