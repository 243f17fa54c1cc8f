using System.Diagnostics;
using System.Runtime.InteropServices;

namespace IacCi.Emulated.Processes;

/// <summary>A child in a process group of its own, so that it and whatever it started can be ended together.</summary>
internal sealed partial class ProcessGroup
{
    private const int SigKill = 9;

    /// <summary>How long the output of a process that ended is waited for: one that it left behind may hold the pipe.</summary>
    private static readonly TimeSpan OutputGrace = TimeSpan.FromSeconds(2);

    private readonly Process _process;
    private readonly Task _output;

    /// <summary>The environment is exactly what is given; each line of output goes to the callback.</summary>
    public ProcessGroup(
        Reaper reaper, string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string folder,
        Action<string> line)
    {
        var start = new ProcessStartInfo("setsid")
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(file);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start) ?? throw new InvalidOperationException($"{file} did not start");
        Id = _process.Id;
        reaper.Watch(Id);
        _process.StandardInput.Close();
        _output = Task.WhenAll(ReadAsync(_process.StandardOutput, line), ReadAsync(_process.StandardError, line));
        Exited = ExitAsync(reaper);
    }

    /// <summary>Of the process and its group.</summary>
    public int Id { get; }

    /// <summary>The exit code; 128 and the signal when one ended it.</summary>
    public Task<int> Exited { get; }

    /// <summary>Ends it and all that descends from it, whatever groups those made for themselves: as when its machine is lost.</summary>
    public void Kill()
    {
        if (Exited.IsCompleted)
        {
            return;
        }

        var descendants = ProcessTree.Descendants(Id);
        foreach (var target in descendants.Prepend(-Id))
        {
            _ = SendSignal(target, SigKill); // it may just have ended: then there is nobody to tell
        }
    }

    private async Task<int> ExitAsync(Reaper reaper)
    {
        await _process.WaitForExitAsync();
        _ = SendSignal(-Id, SigKill); // what it left behind goes with it, as a container would
        await Task.WhenAny(_output, Task.Delay(OutputGrace, TimeProvider.System));
        reaper.Forget(Id);
        var code = _process.ExitCode;
        _process.Dispose();
        return code;
    }

    private static async Task ReadAsync(StreamReader reader, Action<string> line)
    {
        while (await reader.ReadLineAsync() is { } text)
        {
            line(text);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);
}
