using System.Diagnostics;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using IacCi.Core.Intake.Webhooks;
using IacCi.Tests.EndToEnd.GitHub;

namespace IacCi.Tests.EndToEnd.Serve;

/// <summary>A folder with a repository, a state folder, and the published program at work in it.</summary>
internal sealed partial class ServerFixture : IAsyncDisposable
{
    internal const string Secret =
        "webhook-secret-0123456789", Repo = "octo-org/infra.live", Commit = "6dcb09b5b57875f334f61aebed695e2e4193db5e";

    internal const int Kill = 9, Terminate = 15;

    /// <summary>No process of a test, and nothing that one waits for, takes longer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<Program> programs = [];
    private readonly HttpClient http = new() { Timeout = Patience };

    internal string Path { get; } = Directory.CreateTempSubdirectory("iac-ci-site-").FullName;

    /// <summary>The file that commands append to as <c>$OUT</c>.</summary>
    internal IReadOnlyList<string> Lines => File.Exists(this["out.txt"]) ? File.ReadAllLines(this["out.txt"]) : [];

    internal Dictionary<string, string?> Environment { get; } =
        new() { ["WEBHOOK_SECRET"] = Secret, ["IAC_CI_WEBHOOK_SECRET_LOCATION"] = "env:WEBHOOK_SECRET", ["GH_TOKEN"] = FakeGitHub.Token };

    internal string this[string name] => System.IO.Path.Join(Path, name);

    /// <summary>The program: IAC_CI_BINARY, else dist/iac-ci of the repository. A test without it fails.</summary>
    private static string Binary => System.Environment.GetEnvironmentVariable("IAC_CI_BINARY") is { Length: > 0 } named ? named
        : System.IO.Path.Join(Repository.Root, "dist", "iac-ci") is var built && File.Exists(built) ? built
        : throw new InvalidOperationException($"there is no program at {built}; './build.sh' publishes it, IAC_CI_BINARY names another");

    /// <summary>An order that runs these commands, with <c>$OUT</c> and, as <c>$SITE</c>, the folder.</summary>
    internal JsonObject Order(string name, string command, params string[] after) => new()
    {
        ["order_name"] = name,
        ["cmds"] = new JsonArray(command),
        ["timeout"] = 60,
        ["dependencies"] = new JsonArray([.. after.Select(a => JsonValue.Create(a))]),
        ["env_vars"] = new JsonObject { ["OUT"] = this["out.txt"], ["SITE"] = Path },
    };

    /// <summary>A command that says its name, waits until the test makes a file, and says that it has ended.</summary>
    internal static string Waits(string name) =>
        $"echo {name} begins >> $OUT; for i in $(seq 600); do [ -e $SITE/go ] && break; sleep 0.05; done; echo {name} ends >> $OUT";

    internal void Go() => File.WriteAllText(this["go"], "");

    internal static JsonObject Job(params IEnumerable<JsonObject> orders) => new() { ["orders"] = new JsonArray([.. orders]) };

    /// <summary>A job that a pull request is told about. Its code comes from a repository in this folder.</summary>
    internal async Task<JsonObject> ToldJobAsync(FakeGitHub gitHub, params IEnumerable<JsonObject> orders)
    {
        Environment["IAC_CI_GITHUB_API_URL"] = gitHub.Url.ToString();
        if (!Directory.Exists(this["code"]))
        {
            await ShellAsync(
                "git init -q code && cd code && echo x > main.tf && git add . && git -c user.name=t -c user.email=t@t.example commit " +
                    "-qm first");
        }

        var job = Job(orders);
        foreach (var order in job["orders"]!.AsArray())
        {
            order!["git_repo"] = this["code"];
        }

        (
            job["git_repo"], job["pr_number"], job["commit_hash"], job["git_token_location"],
            job["flow_label"]) = (Repo, 7, Commit, "env:GH_TOKEN", "network");
        return job;
    }

    internal Program Start(params IEnumerable<string> arguments)
    {
        var info =
            new ProcessStartInfo(Binary, arguments)
            {
                WorkingDirectory = Path,
                RedirectStandardError = true,
                RedirectStandardOutput = true,
                RedirectStandardInput = true
            };
        foreach (var (name, value) in Environment)
        {
            info.Environment[name] = value;
        }

        programs.Add(new Program(info));
        return programs[^1];
    }

    /// <summary>Starts the server, and waits until it listens.</summary>
    internal async Task<Program> ServeAsync(params IEnumerable<string> arguments)
    {
        var server = Start(["serve", "--listen", "127.0.0.1:0", .. arguments]);
        await UntilAsync(() => server.Errors.Contains("listening on", StringComparison.Ordinal) || server.HasExited, "the server listens");
        server.Url = new Uri(server.Errors.Split('\n').First(l => l.Contains("listening on", StringComparison.Ordinal)).Split(' ')[^1]);
        return server;
    }

    internal Task<Program> RunAsync(JsonObject job, params IEnumerable<string> arguments)
    {
        File.WriteAllText(this["job.json"], job.ToJsonString());
        return EndAsync(Start(["run", "job.json", .. arguments]));
    }

    internal static async Task<Program> EndAsync(Program program)
    {
        await UntilAsync(() => program.HasExited, "the program ends");
        await program.Outputs;
        return program;
    }

    /// <summary>The request that asks for a job.</summary>
    internal static byte[] Body(JsonObject job, string? runId = null)
    {
        var body = new JsonObject { ["job_parameters_b64"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(job.ToJsonString())) };
        if (runId is not null)
        {
            body["run_id"] = runId;
        }

        return Encoding.UTF8.GetBytes(body.ToJsonString());
    }

    /// <summary>Sends a signed request.</summary>
    internal Task<(int Status, string Answer)> PostAsync(Program server, byte[] body, string? delivery = null) =>
        SendAsync(
            server, HttpMethod.Post, new ByteArrayContent(body), WebhookSignature.Sign(body, Encoding.UTF8.GetBytes(Secret)),
            "application/json", delivery);

    internal async Task<(int Status, string Answer)> SendAsync(
        Program server, HttpMethod method, HttpContent? content, string? signature, string? type, string? delivery = null,
        bool chunked = false)
    {
        using var request = new HttpRequestMessage(method, new Uri(server.Url!, "/webhook")) { Content = content };
        if (type is not null && content is not null)
        {
            content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        }

        if (signature is not null)
        {
            request.Headers.TryAddWithoutValidation(WebhookSignature.Header, signature);
        }

        if (delivery is not null)
        {
            request.Headers.Add(WebhookHeaders.Delivery, delivery);
        }

        request.Headers.TransferEncodingChunked = chunked ? true : null;
        using var response = await http.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    internal async Task<string> GetAsync(Program server, string path) => await http.GetStringAsync(new Uri(server.Url!, path));

    /// <summary>The runs there are, or one of them, as <c>status</c> shows them.</summary>
    internal async Task<JsonNode> StatusAsync(string? run = null)
    {
        var ended = await EndAsync(Start(["status", .. run is null ? Array.Empty<string>() : [run], "--output", "json"]));
        return ended.ExitCode == 0 ? JsonNode.Parse(ended.Output)! : throw new InvalidOperationException(ended.Errors);
    }

    internal async Task<JsonNode> UntilFinalAsync(string run)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < Patience)
        {
            var status = await StatusAsync(run);
            if ((string?)status["status"] is "succeeded" or "failed" or "timed_out")
            {
                return status;
            }
        }

        throw new InvalidOperationException($"run {run} did not end");
    }

    /// <summary>An order's status and reason in one word.</summary>
    internal static string Of(JsonNode run, string order) =>
        run["orders"]!.AsArray().Single(o => (string?)o!["order_name"] == order) is { } o && o["failure_reason"] is { } reason
            ? $"{o["status"]} {reason}"
            : $"{run["orders"]!.AsArray().Single(x => (string?)x!["order_name"] == order)!["status"]}";

    internal static async Task UntilAsync(Func<bool> holds, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!holds())
        {
            if (clock.Elapsed > Patience)
            {
                throw new InvalidOperationException($"waited in vain until {what}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    /// <summary>
    /// Everything that the program wrote: its output, and the files of its state (but for those that are a lock and nothing else).
    /// </summary>
    internal string Everything() => string.Join('\n', programs.Select(p => p.Output + p.Errors))
        + string.Join('\n', Directory.EnumerateFiles(this[".iac-ci"], "*", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/hosts/", StringComparison.Ordinal))
                .Select(file => Encoding.Latin1.GetString(File.ReadAllBytes(file))));

    public async ValueTask DisposeAsync()
    {
        Go();
        foreach (var program in programs)
        {
            program.Dispose();
        }

        http.Dispose();
        await ValueTask.CompletedTask;
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A command that outlived its program writes here a moment longer; the system's own cleaning takes the rest.
        }
    }

    private async Task ShellAsync(string script)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-ec", script]) { WorkingDirectory = Path })!;
        await shell.WaitForExitAsync();
        if (shell.ExitCode != 0)
        {
            throw new InvalidOperationException($"{script}: exit code {shell.ExitCode}");
        }
    }

    /// <summary>A process of the program.</summary>
    internal sealed partial class Program : IDisposable
    {
        private readonly Process process;
        private readonly StringBuilder output = new(), errors = new();

        internal Program(ProcessStartInfo info)
        {
            process = Process.Start(info)!;
            process.StandardInput.Close();
            Outputs = Task.WhenAll(CopyAsync(process.StandardOutput, output), CopyAsync(process.StandardError, errors));
        }

        internal Task Outputs { get; }

        internal Uri? Url { get; set; }

        internal int Pid => process.Id;

        internal bool HasExited => process.HasExited;

        internal int ExitCode => process.ExitCode;

        internal string Output => Text(output);

        internal string Errors => Text(errors);

        internal void Signal(int signal) => _ = SendSignal(process.Id, signal);

        public void Dispose()
        {
            if (!process.HasExited)
            {
                process.Kill();
            }

            process.Dispose();
        }

        private static string Text(StringBuilder text)
        {
            lock (text)
            {
                return text.ToString();
            }
        }

        private static async Task CopyAsync(StreamReader from, StringBuilder to)
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
}
