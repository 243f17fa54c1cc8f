using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;

namespace IacCi.Tests.EndToEnd.Local;

/// <summary>What a process left behind.</summary>
internal sealed record Ended(int ExitCode, string Output, string Errors)
{
    public JsonNode Json => JsonNode.Parse(Output)!;

    public override string ToString() => $"exit code {ExitCode}\n--- output\n{Output}\n--- errors\n{Errors}";
}

/// <summary>A process under test. Disposing kills it, if it still runs.</summary>
internal sealed partial class Started : IDisposable
{
    public const int Interrupt = 2, Kill = 9, Terminate = 15;

    /// <summary>No process of a test runs longer, however busy the machine is.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly Process process;
    private readonly StringBuilder errors = new();
    private readonly StringBuilder output = new();
    private readonly Task outputs;

    public Started(ProcessStartInfo info, string? input)
    {
        (info.RedirectStandardInput, info.RedirectStandardOutput, info.RedirectStandardError) = (true, true, true);
        info.StandardOutputEncoding = info.StandardErrorEncoding = new UTF8Encoding(false);
        process = Process.Start(info)!;
        outputs = Task.WhenAll(Copy(process.StandardOutput, output), Copy(process.StandardError, errors));
        if (input is not null)
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
    }

    public int Pid => process.Id;

    public bool HasExited => process.HasExited;

    public string OutputSoFar
    {
        get
        {
            lock (output)
            {
                return output.ToString();
            }
        }
    }

    public string ErrorsSoFar
    {
        get
        {
            lock (errors)
            {
                return errors.ToString();
            }
        }
    }

    /// <summary>The most memory it has had so far, in MiB.</summary>
    public double PeakMemoryMiB
    {
        get
        {
            try
            {
                var line = File.ReadLines($"/proc/{Pid}/status").FirstOrDefault(line => line.StartsWith("VmHWM", StringComparison.Ordinal));
                return line is null
                    ? 0
                    : double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
            }
            catch (IOException)
            {
                // It has just ended.
                return 0;
            }
        }
    }

    public void Signal(int signal) => _ = SendSignal(Pid, signal);

    public static void Signal(int pid, int signal) => _ = SendSignal(pid, signal);

    /// <summary>Waits for its end; a process that does not end in time is killed, and fails the test.</summary>
    public async Task<Ended> EndAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
            await outputs.WaitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            Signal(Kill);
            throw new InvalidOperationException($"it did not end within {Patience}: {output} {errors}");
        }

        return new Ended(process.ExitCode, output.ToString(), errors.ToString());
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        process.Dispose();
    }

    private static async Task Copy(StreamReader from, StringBuilder to)
    {
        var buffer = new char[4_096];
        while (await from.ReadAsync(buffer) is > 0 and var read)
        {
            lock (to)
            {
                to.Append(buffer, 0, read);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int pid, int signal);
}
