using System.CommandLine;
using System.Security.Cryptography;
using IacCi.Core.Hosts.Local;
using IacCi.Core.Intake;
using IacCi.Core.Jobs;
using IacCi.Core.Linux;
using IacCi.Core.Model;
using IacCi.Core.Reporting;
using IacCi.Core.Terminal;
using IacCi.Core.Text;
using IacCi.Core.Worker.Processes;

namespace IacCi.Commands;

/// <summary><c>iac-ci run</c>.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var job = Kinds.Path.OptionalArgument<string>("JOB", "The job file (YAML or JSON), or - for standard input.");
        var source = Kinds.Path.Option<string?>("--source", "DIR", "The folder of the code. Default: the folder of the job file.");
        var parallel = SharedOptions.Parallel("The most orders at work at once.");
        var runId = Kinds.RunId.Option<RunId?>(
            "--run-id", "ID", "A name of your own for the run: the same job under the same name runs once.");
        var resume = Kinds.RunReference.Option<string?>(
            "--resume", "RUN", "Go on with a run that was interrupted. No command that had started starts again.");
        var summary = Kinds.Path.Option<string?>(
            "--summary", "FILE", "Append a page about the run to this file when it is over (markdown, as for GITHUB_STEP_SUMMARY).");
        var showOutput =
            new Option<bool>("--show-output")
            {
                Description = "Show all output as it comes, each line with its order's name, instead of " +
                "a table."
            };
        var runAs = SharedOptions.RunAs();
        var state = SharedOptions.StateDir();
        var output = SharedOptions.Output();
        var command = new Command(
            "run",
            "Run a job on this machine.\n\nExample: iac-ci run examples/tour.yaml --parallel 4\n\nExit codes: 0 succeeded, 1 failed, 2 " +
                "invalid, 3 timed out, 4 interrupted.")
        {
            job, source, parallel, runId, resume, summary, showOutput, runAs, state, output,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(Checked(new Request(
            parsed.GetValue(job),
            parsed.GetValue(source),
            parsed.GetValue(parallel) ?? Environment.ProcessorCount,
            parsed.GetValue(runId),
            parsed.GetValue(resume),
            parsed.GetValue(summary),
            new StateFolder(parsed.GetRequiredValue(state)),
            parsed.GetValue(output),
            parsed.GetValue(showOutput),
            parsed.GetValue(runAs)))));
        return command;
    }

    private sealed record Request(
        string? JobFile, string? Source, int Parallel, RunId? RunId, string? Resume, string? Summary, StateFolder State,
        OutputFormat Output, bool ShowsOutput,
        string? RunAs);

    /// <summary>What belongs together, and what does not.</summary>
    private static Request Checked(Request request) => request switch
    {
        { JobFile: null, Resume: null } or { JobFile: not null, Resume: not null } =>
            throw new UsageException("name a job file, or a run with --resume"),
        { Resume: not null, Source: not null } =>
            throw new UsageException(
                "--source does not go with --resume: a run goes on with the code that it began with; leave --source out"),
        { Resume: not null, RunId: not null } =>
            throw new UsageException("--run-id does not go with --resume: a run keeps its id; leave --run-id out"),
        _ => request with { Summary = SummaryFile.Checked(request.Summary) },
    };

    private static async Task<int> RunAsync(Request request)
    {
        EngineProtection.Apply();
        var stage = new Stage();
        using var interrupts = new Interrupts(2, stage.Interrupted);
        return request.Resume is { } run
            ? await ResumeAsync(request, run, stage, interrupts)
            : await StartAsync(request, stage, interrupts);
    }

    private static async Task<int> StartAsync(Request request, Stage stage, Interrupts interrupts)
    {
        var interrupted = interrupts.First;
        var name = JobFile.NameOf(request.JobFile!);
        var reading = JobReader.Read(await JobFile.ReadAsync(request.JobFile!, interrupted), null, name, JobContext.Local);
        var job = reading.OrThrow(name);
        foreach (var warning in ReadingText.Warnings(reading, name))
        {
            Cli.Tell(warning);
        }

        var folder = request.JobFile == "-" ? Directory.GetCurrentDirectory() : Path.GetDirectoryName(Path.GetFullPath(request.JobFile!))!;
        var title = request.JobFile == "-" ? "job" : Path.GetFileNameWithoutExtension(request.JobFile!);
        var run = request.RunId ?? RunId.New(RandomNumberGenerator.GetBytes);
        var source = Path.GetFullPath(request.Source ?? folder);
        if (!Directory.Exists(source))
        {
            throw new UserException($"--source {Printable.Word(request.Source ?? source)} is not a folder");
        }

        stage.Title = title;
        using var host = Host(request, source, folder, stage, interrupts.Second);
        var submission = new Submission
        {
            Job = job,
            PayloadDigest = JobDigest.Of(job),
            RunId = run,
            DefaultUsername = Environment.UserName,
            Title = title,
        };
        return await host.SubmitAsync(submission, interrupted) is IntakeAnswer.Accepted
            ? await FinishAsync(host, run, stage, request, interrupted)
            : throw new UserException($"run id {run} belongs to another job; give another with --run-id");
    }

    private static async Task<int> ResumeAsync(Request request, string text, Stage stage, Interrupts interrupts)
    {
        var interrupted = interrupts.First;
        request.State.Require(stage.Note);
        var folder = Directory.GetCurrentDirectory();
        using var host = Host(request, folder, folder, stage, interrupts.Second);
        var job = await RunLookup.FindAsync(host.Store, request.State.Path, text, interrupted);
        stage.Title = job.Title ?? text;
        await host.ResumeAsync(job.RunId, interrupted);
        return await FinishAsync(host, job.RunId, stage, request, interrupted);
    }

    private static LocalHost Host(Request request, string source, string baseFolder, Stage stage, CancellationToken kill) => new(
        new LocalOptions
        {
            State = request.State,
            Source = source,
            BaseFolder = baseFolder,
            Parallel = request.Parallel,
            RunAs = request.RunAs is { } user ? RunAsUser.Find(user) : null,
            Variable = Environment.GetEnvironmentVariable,
            Progress = progress => stage.Display.Take(progress),
            LastLine = (num, line) => stage.Display.Take(num, line),
            Kill = kill,
            Log = stage.Note,
        },
        TimeProvider.System);

    private static async Task<int> FinishAsync(LocalHost host, RunId run, Stage stage, Request request, CancellationToken interrupted)
    {
        if (await host.PlanAsync(run, CancellationToken.None) is { } graph)
        {
            stage.LongestGrace = graph.Plan.Orders.Max(order => order.StopGraceSeconds);
            stage.Begin(await RunScreen.BeginAsync(new RunScreenOptions
            {
                Title = stage.Title,
                IsJson = request.Output == OutputFormat.Json,
                ShowsOutput = request.ShowsOutput,
                LiveLogs = request.State.Logs,
                Variable = Environment.GetEnvironmentVariable,
                Palette = SharedOptions.PaletteOf(Console.IsErrorRedirected),
                IsTerminal = !Console.IsErrorRedirected,
            }, graph.Plan, host.Store, host.Objects, Console.Error, host.Engine.Clock));
        }

        JobRecord job;
        await using (stage)
        {
            job = await host.RunAsync(run, interrupted);
        }

        if (request.Summary is { } summary && await host.PlanAsync(run, CancellationToken.None) is not null)
        {
            var report = await CommentCommand.ReadAsync(host.Store, host.Objects, job, isLocal: true, CancellationToken.None);
            SummaryFile.Append(summary, CommentText.RenderSummary(report), Cli.Tell);
        }

        var view = await RunView.ReadAsync(host.Store, job, CancellationToken.None);
        stage.Screen?.End(view, SharedOptions.StateDirArgument(request.State));
        Show(request.Output == OutputFormat.Json ? view.ToJson() : RunSentence.Of(view,
            SharedOptions.PaletteOf(Console.IsOutputRedirected)));
        return (int)ExitCodes.Of(job);
    }

    /// <summary>The job is over, whether or not anybody reads the summary: the exit code says how.</summary>
    private static void Show(string result)
    {
        try
        {
            Console.Out.WriteLine(result);
        }
        catch (OutputLostException lost)
        {
            Cli.Tell($"the result cannot be written to standard output: {lost.Message}; 'iac-ci status' has it");
        }
    }

    /// <summary>What people look at while the run goes on; it is set up when the plan is known.</summary>
    private sealed class Stage : IAsyncDisposable
    {
        /// <summary>How long the commands of an order may take to end, at most, in seconds; null while that is not known.</summary>
        public int? LongestGrace { get; set; }

        public string Title { get; set; } = "job";

        public RunScreen? Screen { get; private set; }

        public IRunDisplay Display => Screen?.Display ?? NoDisplay.Instance;

        /// <summary>Says something beside the display.</summary>
        public void Note(string line)
        {
            if (Screen?.Display is LiveDisplay live)
            {
                live.Note($"iac-ci: {Scrub.Text(line)}");
            }
            else
            {
                Cli.Tell(line);
            }
        }

        /// <summary>Says that a signal was heard, and what it leads to.</summary>
        public void Interrupted(int signal) => Note((signal, LongestGrace) switch
        {
            (0, { } grace) =>
                $"stopping: the commands that run are asked to end, and have at most {grace} s for it; press Ctrl-C again to kill them",
            (0, null) => "stopping",
            _ => "killing the commands that still run",
        });

        public void Begin(RunScreen screen) => Screen = screen;

        public ValueTask DisposeAsync() => Display.DisposeAsync();
    }
}

/// <summary>How commands end.</summary>
internal static class ExitCodes
{
    /// <summary>The exit code of a final job.</summary>
    public static ExitCode Of(JobRecord job) => job.Status switch
    {
        JobStatus.Succeeded => ExitCode.Succeeded,
        JobStatus.TimedOut => ExitCode.TimedOut,
        _ when job.FailureReason == FailureReason.Cancelled => ExitCode.Cancelled,
        _ => ExitCode.Failed,
    };
}
