using System.CommandLine;
using IacCi.Core.Hosts.Local;
using IacCi.Core.Hosts.Server;
using IacCi.Core.Linux;
using IacCi.Core.Text;
using IacCi.Core.Worker.Processes;

namespace IacCi.Commands;

/// <summary><c>iac-ci serve</c>.</summary>
internal static class ServeCommand
{
    private const int MaxStopSeconds = 86_400;

    public static Command Create()
    {
        var listen = Kinds.Listen.Option<ListenAddress>("--listen", "ADDRESS:PORT", "Where to listen.");
        listen.DefaultValueFactory = _ => ListenAddress.Default;
        var source = Kinds.Path.Option<string?>(
            "--source", "DIR", "The folder of the code of orders without a repository. Default: this folder.");
        var parallel = SharedOptions.Parallel("The most orders at work at once, of all runs together.");
        var stop = Kinds.Seconds(0, MaxStopSeconds).Option<int>(
            "--stop-timeout", "SECONDS", "How long orders that have begun may go on when the server is stopped; then they are ended.");
        stop.DefaultValueFactory = _ => 30;
        var keep = Kinds.Retention.Option<string>(
            "--keep-runs", "DURATION", $"How long runs are kept when they are over: 12h, 30d, 8w or '{Kinds.Forever}'.");
        keep.DefaultValueFactory = _ => Kinds.KeptFor;
        var runAs = SharedOptions.RunAs();
        var state = SharedOptions.StateDir();
        var command = new Command(
            "serve",
            """
            Take signed jobs in by HTTP (POST /webhook) and run them on this machine.

            The body is {"job_parameters_b64": ..., "run_id"?, "trace_id"?, "done_endpt"?, "sent_at"?}, signed as GitHub signs its webhooks (X-Hub-Signature-256) with the
            secret at IAC_CI_WEBHOOK_SECRET_LOCATION (env:NAME or file:PATH; two lines are two secrets). Without a secret every delivery is refused. GET /healthz
            says that the server is up. IAC_CI_WEBHOOK_REQUIRE=run_id,sent_at (or one of them) refuses bodies without these fields, so that a recording starts nothing. A job that was answered with 200 is not lost: a restart goes on with every unfinished run of the state folder.

            Example: IAC_CI_WEBHOOK_SECRET_LOCATION=file:secret.txt iac-ci serve --parallel 4
            """)
        {
            listen, source, parallel, stop, keep, runAs, state,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            EngineProtection.Apply();
            return RunAsync(new ServeOptions
            {
                Listen = parsed.GetRequiredValue(listen),
                SecretLocation = Environment.GetEnvironmentVariable("IAC_CI_WEBHOOK_SECRET_LOCATION"),
                StopTimeout = TimeSpan.FromSeconds(parsed.GetValue(stop)),
                KeepRuns = parsed.GetRequiredValue(keep) is not Kinds.Forever and var kept ? Kinds.DurationOf(kept) : null,
                Local = new LocalOptions
                {
                    State = new StateFolder(parsed.GetRequiredValue(state)),
                    Source = SourceOf(parsed.GetValue(source)),
                    BaseFolder = Directory.GetCurrentDirectory(),
                    Parallel = parsed.GetValue(parallel) ?? Environment.ProcessorCount,
                    RunAs = parsed.GetValue(runAs) is { } user ? RunAsUser.Find(user) : null,
                    Variable = Environment.GetEnvironmentVariable,
                    Log = line => Cli.Tell(line, TimeProvider.System.GetUtcNow()),
                },
            });
        });
        return command;
    }

    private static string SourceOf(string? source) => Path.GetFullPath(source ?? ".") is var folder && Directory.Exists(folder)
        ? folder
        : throw new UserException($"--source {Printable.Word(source ?? ".")} is not a folder");

    /// <summary>The first signal stops the server, the second one asks the commands to end now, the third one kills them.</summary>
    private static async Task<int> RunAsync(ServeOptions options)
    {
        using var interrupts = new Interrupts(3, Tell);
        var local = options.Local with { Kill = interrupts.Third };
        await new JobServer(options with { Local = local }, TimeProvider.System).RunAsync(interrupts.First, interrupts.Second);
        return (int)ExitCode.Succeeded;

        void Tell(int signal) => options.Local.Log(signal switch
        {
            0 =>
                $"asked to stop: orders that have begun may go on for {options.StopTimeout.TotalSeconds:0} s, and are then asked to end; a second signal asks them now",
            1 => "asked again: the commands that run are asked to end now, and have their stop_grace for it; a third signal kills them",
            _ => "asked a third time: the commands that still run are killed",
        });
    }
}
