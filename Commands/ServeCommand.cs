using System.CommandLine;
using System.Runtime.InteropServices;
using IacCi.Core.Faults;
using IacCi.Core.Local;
using IacCi.Core.Serve;

namespace IacCi.Commands;

/// <summary><c>iac-ci serve</c>.</summary>
internal static class ServeCommand
{
    private const int MaxParallel = 1_000;
    private const int MaxStopSeconds = 86_400;

    public static Command Create()
    {
        var listen = new Option<string>("--listen") { Description = "Where to listen.", DefaultValueFactory = _ => "127.0.0.1:8080", HelpName = "ADDRESS:PORT" };
        var source = new Option<string?>("--source") { Description = "The folder of the code of orders without a repository. Default: this folder.", HelpName = "DIR" };
        var parallel = new Option<int?>("--parallel") { Description = "The most orders at work at once, of all runs together. Default: the number of processors.", HelpName = "N" };
        var stop = new Option<int>("--stop-timeout") { Description = "How long orders that have begun may go on when the server is stopped; then they are ended.", DefaultValueFactory = _ => 30, HelpName = "SECONDS" };
        var state = SharedOptions.StateDir();
        var command = new Command(
            "serve",
            """
            Take signed jobs in by HTTP (POST /webhook) and run them on this machine.

            The body is {"job_parameters_b64": ..., "run_id"?, "trace_id"?, "done_endpt"?}, signed as GitHub signs its webhooks (X-Hub-Signature-256) with the
            secret at IAC_CI_WEBHOOK_SECRET_LOCATION (env:NAME or file:PATH; two lines are two secrets). Without a secret every delivery is refused. GET /healthz
            says that the server is up. A job that was answered with 200 is not lost: a restart goes on with every unfinished run of the state folder.

            Example: IAC_CI_WEBHOOK_SECRET_LOCATION=file:secret.txt iac-ci serve --parallel 4
            """)
        {
            listen, source, parallel, stop, state,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(parallel) is < 1 or > MaxParallel)
            {
                result.AddError($"--parallel has to be from 1 to {MaxParallel:N0}");
            }

            if (result.GetValue(stop) is < 0 or > MaxStopSeconds)
            {
                result.AddError($"--stop-timeout has to be from 0 to {MaxStopSeconds:N0} seconds");
            }

            if (ListenAddress.Parse(result.GetValue(listen)!) is null)
            {
                result.AddError("--listen has to be an address of this machine and a port, such as 127.0.0.1:8080 or [::1]:8080");
            }
        });
        command.SetAction((parsed, cancellationToken) =>
            RunAsync(new ServeOptions
            {
                Listen = ListenAddress.Parse(parsed.GetValue(listen)!)!,
                SecretLocation = Environment.GetEnvironmentVariable("IAC_CI_WEBHOOK_SECRET_LOCATION"),
                StopTimeout = TimeSpan.FromSeconds(parsed.GetValue(stop)),
                Local = new LocalOptions
                {
                    State = new StateFolder(parsed.GetValue(state)!),
                    Source = SourceOf(parsed.GetValue(source)),
                    BaseFolder = Directory.GetCurrentDirectory(),
                    Parallel = parsed.GetValue(parallel) ?? Environment.ProcessorCount,
                    Variable = Environment.GetEnvironmentVariable,
                    Log = line => Console.Error.WriteLine($"iac-ci: {line}"),
                },
            }));
        return command;
    }

    private static string SourceOf(string? source) => Path.GetFullPath(source ?? ".") is var folder && Directory.Exists(folder)
        ? folder
        : throw new UserException($"--source {source} is not a folder");

    /// <summary>The first signal stops the server, the second one hurries.</summary>
    private static async Task<int> RunAsync(ServeOptions options)
    {
        using var stop = new CancellationTokenSource();
        using var hurry = new CancellationTokenSource();
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var onHangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        await new Server(options, TimeProvider.System).RunAsync(stop.Token, hurry.Token);
        return (int)ExitCode.Succeeded;

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            (stop.IsCancellationRequested ? hurry : stop).Cancel();
        }
    }
}
