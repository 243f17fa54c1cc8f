using System.Collections.Concurrent;
using System.Text;
using IacCi.Core.Model;
using IacCi.Core.Worker;
using IacCi.Core.Worker.Processes;

namespace IacCi.Tests.Unit.Worker;

/// <summary>A folder of its own for a test, and what comes out of commands run in it.</summary>
internal sealed class WorkerFixture : IDisposable
{
    private readonly TimeProvider clock;

    public WorkerFixture(TimeProvider? clock = null)
    {
        this.clock = clock ?? TimeProvider.System;
        Directory.CreateDirectory(Code);
        Directory.CreateDirectory(Events);
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("iac-ci-test-").FullName;

    public string Code => Path.Join(Root, "code");

    public string Events => Path.Join(Root, "events");

    public RecordingSink Output { get; } = new();

    public Dictionary<string, string> Variables { get; } = new() { ["PATH"] = "/usr/local/bin:/usr/bin:/bin" };

    public int Retries { get; set; }

    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);

    public StopPolicy Stop { get; set; } = StopPolicy.Default;

    public CancellationToken KillToken { get; set; }

    public Task<CommandOutcome> RunAsync(params string[] commands) => RunAsync(CancellationToken.None, commands);

    public Task<CommandOutcome> RunAsync(CancellationToken cancellationToken, params string[] commands) =>
        new CommandRunner(clock).RunAsync(
        new CommandList
        {
            Commands = commands,
            Environment = Variables,
            Folder = Code,
            EventsFolder = Events,
            Timeout = Timeout,
            Retries = Retries,
            Stop = Stop
        },
        Output,
        cancellationToken,
        KillToken).AsTask();

    public void Dispose() => Directory.Delete(Root, recursive: true);
}

/// <summary>Keeps what it gets, and tells when a text has come.</summary>
internal sealed class RecordingSink : IOutputSink
{
    /// <summary>A flood is larger than what a list can hold.</summary>
    private const int MaxKeptBytes = 512 << 20;

    private readonly Lock gate = new();
    private readonly List<byte> bytes = [];
    private readonly ConcurrentBag<(string Text, TaskCompletionSource Seen)> awaited = [];

    public int Writes { get; private set; }

    public byte[] Bytes
    {
        get
        {
            lock (gate)
            {
                return [.. bytes];
            }
        }
    }

    public string Text => Encoding.UTF8.GetString(Bytes);

    public void Write(ReadOnlySpan<byte> output)
    {
        lock (gate)
        {
            Writes++;
            if (bytes.Count < MaxKeptBytes)
            {
                bytes.AddRange(output);
            }
        }

        Tell();
    }

    public Task Saw(string text)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        awaited.Add((text, seen));
        Tell();
        return seen.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    private void Tell()
    {
        if (awaited.IsEmpty)
        {
            return;
        }

        var now = Text;
        foreach (var (text, seen) in awaited)
        {
            if (now.Contains(text, StringComparison.Ordinal))
            {
                seen.TrySetResult();
            }
        }
    }
}

/// <summary>Counts what it gets.</summary>
internal sealed class CountingSink : IOutputSink
{
    public long Total { get; private set; }

    public void Write(ReadOnlySpan<byte> output) => Total += output.Length;
}
