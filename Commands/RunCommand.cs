using System.CommandLine;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using IacCi.Core.Faults;
using IacCi.Core.Intake;
using IacCi.Core.Jobs;
using IacCi.Core.Local;
using IacCi.Core.Report;
using IacCi.Core.Runs;
using IacCi.Core.Views;

namespace IacCi.Commands;

/// <summary><c>iac-ci run</c>.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var job = Kinds.Path.OptionalArgument<string>("JOB", "The job file (YAML or JSON), or - for standard input.");
        var source = Kinds.Path.Option<string?>("--source", "DIR", "The folder of the code. Default: the folder of the job file.");
        var parallel = SharedOptions.Parallel("The most orders at work at once.");
        var runId = Kinds.RunId.Option<RunId?>("--run-id", "ID", "A name of your own for the run: the same job under the same name runs once.");
        var resume = Kinds.RunReference.Option<string?>("--resume", "RUN", "Go on with a run that was interrupted. No command that had started starts again.");
        var summary = Kinds.Path.Option<string?>(
            "--summary", "FILE", "Append a page about the run to this file when it is over (markdown, as for GITHUB_STEP_SUMMARY).");
        var state = SharedOptions.StateDir();
        var output = SharedOptions.Output();
        var command = new Command("run", "Run a job on this machine.\n\nExample: iac-ci run examples/tour.yaml --parallel 4\n\nExit codes: 0 succeeded, 1 failed, 2 invalid, 3 timed out, 4 interrupted.")
        {
            job, source, parallel, runId, resume, summary, state, output,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(Checked(new Request(
            parsed.GetValue(job),
            parsed.GetValue(source),
            parsed.GetValue(parallel) ?? Environment.ProcessorCount,
            parsed.GetValue(runId),
            parsed.GetValue(resume),
            parsed.GetValue(summary),
            new StateFolder(parsed.GetRequiredValue(state)),
            parsed.GetValue(output)))));
        return command;
    }

    private sealed record Request(
        string? JobFile, string? Source, int Parallel, RunId? RunId, string? Resume, string? Summary, StateFolder State, OutputFormat Output);

    /// <summary>What belongs together, and what does not.</summary>
    private static Request Checked(Request request) => request switch
    {
        { JobFile: null, Resume: null } or { JobFile: not null, Resume: not null } => throw new UsageException("name a job file, or a run with --resume"),
        { Resume: not null, Source: not null } => 
            throw new UsageException("--source does not go with --resume: a run goes on with the code that it began with; leave --source out"),
        { Resume: not null, RunId: not null } => 
            throw new UsageException("--run-id does not go with --resume: a run keeps its id; leave --run-id out"),
        _ => request with { Summary = SummaryFile.Checked(request.Summary) },
    };

    private static async Task<int> RunAsync(Request request)
    {
        using var interrupted = new CancellationTokenSource();
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var onHangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        return request.Resume is { } run
            ? await ResumeAsync(request, run, interrupted.Token)
            : await StartAsync(request, interrupted.Token);

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            interrupted.Cancel();
        }
    }

    private static async Task<int> StartAsync(Request request, CancellationToken interrupted)
    {
        var job = JobReader.Read(await JobFile.ReadAsync(request.JobFile!, interrupted), null, JobFile.NameOf(request.JobFile!), JobContext.Local)
            .OrThrow(JobFile.NameOf(request.JobFile!));
        var folder = request.JobFile == "-" ? Directory.GetCurrentDirectory() : Path.GetDirectoryName(Path.GetFullPath(request.JobFile!))!;
        var title = request.JobFile == "-" ? "job" : Path.GetFileNameWithoutExtension(request.JobFile!);
        var run = request.RunId ?? RunId.New(RandomNumberGenerator.GetBytes);
        var source = Path.GetFullPath(request.Source ?? folder);
        if (!Directory.Exists(source))
        {
            throw new UserException($"--source {Printable.Word(request.Source ?? source)} is not a folder");
        }

        var stage = new Stage(title, request.Output);
        using var host = Host(request, source, folder, stage);
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

    private static async Task<int> ResumeAsync(Request request, string text, CancellationToken interrupted)
    {
        request.State.Require();
        var folder = Directory.GetCurrentDirectory();
        var stage = new Stage(text, request.Output);
        using var host = Host(request, folder, folder, stage);
        var job = await RunLookup.FindAsync(host.Store, request.State.Path, text, interrupted);
        stage.Title = job.Title ?? text;
        await host.ResumeAsync(job.RunId, interrupted);
        return await FinishAsync(host, job.RunId, stage, request, interrupted);
    }

    private static LocalHost Host(Request request, string source, string baseFolder, Stage stage) => new(
        new LocalOptions
        {
            State = request.State,
            Source = source,
            BaseFolder = baseFolder,
            Parallel = request.Parallel,
            Variable = Environment.GetEnvironmentVariable,
            Progress = progress => stage.Display.Take(progress),
            LastLine = (num, line) => stage.Display.Take(num, line),
            Log = Cli.Tell,
        },
        TimeProvider.System);

    private static async Task<int> FinishAsync(LocalHost host, RunId run, Stage stage, Request request, CancellationToken interrupted)
    {
        if (await host.PlanAsync(run, CancellationToken.None) is { } graph)
        {
            stage.Begin(graph.Plan);
        }

        JobRecord job;
        using (stage)
        {
            job = await host.RunAsync(run, interrupted);
        }

        if (request.Summary is { } summary && await host.PlanAsync(run, CancellationToken.None) is not null)
        {
            var report = await CommentCommand.ReadAsync(host.Store, host.Objects, job, isLocal: true, CancellationToken.None);
            SummaryFile.Append(summary, CommentText.RenderSummary(report), Cli.Tell);
        }

        var view = await RunView.ReadAsync(host.Store, job, CancellationToken.None);
        Console.Out.WriteLine(request.Output == OutputFormat.Json ? view.ToJson() : RunSentence.Of(view, SharedOptions.PaletteOf(Console.IsOutputRedirected)));
        return (int)ExitCodes.Of(job);
    }

    /// <summary>What people look at while the run goes on; it is set up when the plan is known.</summary>
    private sealed class Stage(string title, OutputFormat format) : IDisposable
    {
        public string Title { get; set; } = title;

        public IRunDisplay Display { get; private set; } = new NoDisplay();

        public void Begin(RunPlan plan)
        {
            var palette = SharedOptions.PaletteOf(Console.IsErrorRedirected);
            var live = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } and not "dumb";
            Display = (format, live) switch
            {
                (OutputFormat.Json, false) => new NoDisplay(),
                (_, true) => new LiveDisplay(Title, plan, Console.Error, palette, TimeProvider.System),
                _ => new PlainDisplay(Title, plan, Console.Error, palette),
            };
        }

        public void Dispose() => Display.Dispose();
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
        _ when job.FailureReason == EngineReasons.Cancelled => ExitCode.Cancelled,
        _ => ExitCode.Failed,
    };
}
