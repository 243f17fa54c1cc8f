using System.Diagnostics;
using System.Text.Json.Nodes;

namespace IacCi.Tests.EndToEnd.Local;

/// <summary>A folder with jobs and a state folder of its own, and the program in it.</summary>
internal sealed class LocalFixture : IDisposable
{
    private readonly List<Started> started = [];

    public string Path { get; } = Directory.CreateTempSubdirectory("iac-ci-e2e-").FullName;

    /// <summary>A run id that no other test uses.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    public string State => this[".iac-ci"];

    /// <summary>The file that commands append to as <c>$OUT</c>.</summary>
    public string Out => this["out.txt"];

    /// <summary>Variables that the program gets beside those of the test.</summary>
    public Dictionary<string, string?> Environment { get; } = [];

    public string this[string name] => System.IO.Path.Join(Path, name);

    public LocalFixture With(string name, string content)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], content);
        return this;
    }

    /// <summary>Closes a folder that is there to other users, as the program closes the folders that it makes.</summary>
    public LocalFixture Private(string name)
    {
        if (Directory.Exists(this[name]))
        {
            File.SetUnixFileMode(this[name], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return this;
    }

    /// <summary>Writes <c>job.yaml</c> with these orders; each gets <c>$OUT</c> and a timeout.</summary>
    public LocalFixture WithOrders(params IEnumerable<JsonObject> orders) =>
        WithJob(new JsonObject { ["orders"] = new JsonArray([.. orders]) });

    public LocalFixture WithJob(JsonObject job)
    {
        foreach (var order in job["orders"]!.AsArray())
        {
            var variables = order!["env_vars"] as JsonObject ?? [];
            variables["OUT"] = Out;
            order["env_vars"] = variables;
        }

        return With("job.json", job.ToJsonString());
    }

    /// <summary>An order that runs these commands.</summary>
    public static JsonObject Order(string name, params IEnumerable<string> commands) => new()
    {
        ["order_name"] = name,
        ["cmds"] = new JsonArray([.. commands.Select(command => JsonValue.Create(command))]),
        ["timeout"] = 60,
    };

    public Started Start(params IEnumerable<string> arguments) => Start(null, arguments);

    public Started Start(string? input, IEnumerable<string> arguments) => Launch(Binary.Require(), arguments, input);

    /// <summary>
    /// Runs the program to its end, and lists its calls of the system in a file: its own and those of the commands it starts (strace(1)).
    /// </summary>
    public Task<Ended> TraceAsync(string file, string calls, params IEnumerable<string> arguments) =>
        Launch("strace", ["-f", "-s", "400", "-e", $"trace={calls}", "-o", file, Binary.Require(), .. arguments], "").EndAsync();

    /// <summary>
    /// Runs the program until it makes one of these calls of the system for the n-th time; then it is killed (strace(1)).
    /// </summary>
    public Task<Ended> KillAtAsync(string calls, int count, params IEnumerable<string> arguments) =>
        Launch(
            "strace",
            ["-f", "-e", $"trace={calls}", "-e", $"inject={calls}:signal=KILL:when={count}", "-o", "/dev/null", Binary.Require(),
                .. arguments],
            "")
            .EndAsync();

    public Task<Ended> RunAsync(params IEnumerable<string> arguments) => Start("", arguments).EndAsync();

    /// <summary>Runs <c>job.json</c> and reads the object at the end.</summary>
    public async Task<(Ended Ended, Run Run)> RunJobAsync(params IEnumerable<string> arguments)
    {
        var ended = await RunAsync(["run", "job.json", "--output", "json", .. arguments]);
        return (ended, ended.Output.Length > 0 ? new Run(ended.Json) : throw new InvalidOperationException(ended.ToString()));
    }

    /// <summary>What <c>status RUN --output json</c> says.</summary>
    public async Task<Run> StatusAsync(string run) => await RunAsync("status", run, "--output", "json") is { ExitCode: 0 } ended
        ? new Run(ended.Json)
        : throw new InvalidOperationException($"no status of {run}");

    public IReadOnlyList<string> Lines() => File.Exists(Out) ? File.ReadAllLines(Out) : [];

    /// <summary>The files of the state folder, by their path in it.</summary>
    public IReadOnlyList<string> StateFiles() => Directory.Exists(State)
        ? [.. Directory.EnumerateFiles(State, "*",
            SearchOption.AllDirectories).Select(file => System.IO.Path.GetRelativePath(State, file)).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>The keys in memory that belong to the run <see cref="Name"/>.</summary>
    public IReadOnlyList<string> Keys()
    {
        var folder = $"/dev/shm/iac-ci-{System.Environment.UserName}";
        return Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "*" + Name)] : [];
    }

    /// <summary>Waits until something holds; a test waits at most a minute.</summary>
    public static async Task UntilAsync(Func<bool> holds, string what)
    {
        for (var look = 0; !holds(); look++)
        {
            if (look == 6_000)
            {
                throw new InvalidOperationException($"waited in vain until {what}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    private Started Launch(string program, IEnumerable<string> arguments, string? input)
    {
        var info = new ProcessStartInfo(program, arguments) { WorkingDirectory = Path };
        foreach (var (name, value) in Environment)
        {
            info.Environment[name] = value;
        }

        var process = new Started(info, input);
        started.Add(process);
        return process;
    }

    public void Dispose()
    {
        started.ForEach(process => process.Dispose());
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A command that outlived its program writes here a moment longer; the system's own cleaning takes the rest.
        }
    }
}

/// <summary>A run as <c>--output json</c> shows it.</summary>
internal sealed record Run(JsonNode Json)
{
    public string Id => (string)Json["run_id"]!;

    public string Trace => (string)Json["trace_id"]!;

    public string Status => (string)Json["status"]!;

    public JsonArray Orders => Json["orders"]!.AsArray();

    public JsonNode this[string order] => Orders.Single(o => (string)o!["order_name"]! == order)!;

    /// <summary>Status and reason of an order in one word.</summary>
    public string Of(string order) =>
        this[order]["failure_reason"] is { } reason ? $"{this[order]["status"]} {reason}" : $"{this[order]["status"]}";
}
