using System.Net.Sockets;
using IacCi.Core.Hosts.Local;
using IacCi.Core.Intake.Webhooks;
using IacCi.Core.Secrets;
using IacCi.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IacCi.Core.Hosts.Server;

/// <summary>What a server is made with.</summary>
internal sealed record ServeOptions
{
    /// <summary>Where it listens.</summary>
    public required ListenAddress Listen { get; init; }

    /// <summary>The text of <c>IAC_CI_WEBHOOK_SECRET_LOCATION</c>; null or empty: every delivery is refused.</summary>
    public string? SecretLocation { get; init; }

    /// <summary>How long orders that have begun may go on when the server is stopped.</summary>
    public required TimeSpan StopTimeout { get; init; }

    /// <summary>How long one body may take, from its first byte to its last.</summary>
    public TimeSpan BodyDeadline { get; init; } = PendingBodies.Deadline;

    /// <summary>How long runs are kept when they are over; null for ever.</summary>
    public TimeSpan? KeepRuns { get; init; }

    /// <summary>The engine.</summary>
    public required LocalOptions Local { get; init; }
}

/// <summary>
/// The one-machine server: signed jobs in by HTTP, the local engine behind it. A job that was answered with 200 is on the disk, and is
/// brought to its end by this process or the next one.
/// </summary>
internal sealed class JobServer(ServeOptions options, TimeProvider clock)
{
    /// <summary>
    /// The most connections at once: those without a request (<see cref="PendingConnections"/>), those whose body is read
    /// (<see cref="PendingBodies"/>), and as many again that are being answered or are about to end.
    /// </summary>
    public const int MaxConnections = PendingConnections.MaxInAll + 2 * PendingBodies.MaxBodies;

    /// <summary>The most bytes of all headers of a request.</summary>
    public const int MaxHeaderBytes = 16 << 10;

    /// <summary>
    /// How slowly a body may come, in bytes per second, after <see cref="SlowGrace"/>. (<see cref="PendingBodies.Deadline"/> bounds all
    /// of it.)
    /// </summary>
    public const int MinBytesPerSecond = 32 * 1_024;

    /// <summary>How long headers may take, and how long a body may come more slowly.</summary>
    public static readonly TimeSpan SlowGrace = TimeSpan.FromSeconds(5);

    /// <summary>How long requests that are being answered may go on when the server is stopped.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Serves until it is stopped.</summary>
    /// <param name="stop">
    /// Stops it: no more is taken in or started, and orders that have begun may end within <see cref="ServeOptions.StopTimeout"/>.
    /// </param>
    /// <param name="forceStop">Ends that time.</param>
    /// <exception cref="UserException">It cannot listen there, or the secret cannot be read.</exception>
    public async Task RunAsync(CancellationToken stop, CancellationToken forceStop)
    {
        var log = options.Local.Log;
        var rules = ReplayRules.Parse(options.Local.Variable(ReplayRules.Variable));
        var secrets = new WebhookSecretCache(
            Location(), new LocalSecrets(options.Local.Variable, options.Local.BaseFolder, remote: null), clock);
        if ((await secrets.ReadAsync(stop)).Count == 0)
        {
            log("closed: no webhook secret is configured, every delivery is refused; set IAC_CI_WEBHOOK_SECRET_LOCATION to env:NAME or " +
                "file:PATH");
        }

        using var host = new LocalHost(options.Local with { Withheld = Location() }, clock);
        using var runs = new ActiveRuns(host.Engine, options.Local.Source, options.Local.BaseFolder, clock, log);
        var handler = new WebhookHandler(
            new LocalJobSubmission(runs, options.Local.State), new DeliveryDeduplicator(host.Objects, clock), rules, clock);
        var endpoint = new WebhookEndpoint(handler, secrets.ReadAsync, options.BodyDeadline, clock, log);
        await using var app = Build(endpoint);
        await StartAsync(app);
        log($"listening on {app.Urls.Single()}");
        if (!options.Listen.IsLoopback)
        {
            log("warning: other machines can connect, and what travels is not encrypted: put a proxy with TLS in front");
        }

        var resumed = runs.ResumeAsync();
        var pruned = options.KeepRuns is { } keep
            ? new DailyPruning(host.Pruner(clock), keep, clock, log).RunAsync(stop)
            : Task.CompletedTask;
        await UntilAsync(stop);
        await pruned;
        await StopAsync(app, runs, resumed, forceStop);
    }

    private SecretLocation? Location() => string.IsNullOrEmpty(options.SecretLocation) ? null
        : SecretLocation.TryParse(options.SecretLocation, out var location) ? location
        : throw new UserException("IAC_CI_WEBHOOK_SECRET_LOCATION has to be env:NAME or file:PATH here");

    private WebApplication Build(WebhookEndpoint endpoint)
    {
        var pending = new PendingConnections();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Limit(kestrel, pending));
        var app = builder.Build();
        app.Run(
            context => pending.HandleAsync(context.Features.Get<IConnectionItemsFeature>()?.Items, () => endpoint.HandleAsync(context)));
        return app;
    }

    private void Limit(KestrelServerOptions kestrel, PendingConnections pending)
    {
        kestrel.AddServerHeader = false;
        kestrel.Listen(
            options.Listen.Address, options.Listen.Port, at => at.Use(next => connection => pending.HandleAsync(connection, next)));
        kestrel.Limits.MaxConcurrentConnections = MaxConnections;
        kestrel.Limits.MaxRequestBodySize = WebhookEndpoint.MaxLingeringBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        kestrel.Limits.RequestHeadersTimeout = SlowGrace;
        kestrel.Limits.KeepAliveTimeout = SlowGrace;
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(MinBytesPerSecond, SlowGrace);
        kestrel.Limits.MinResponseDataRate = new MinDataRate(MinBytesPerSecond, SlowGrace);
    }

    private async Task StartAsync(WebApplication app)
    {
        try
        {
            await app.StartAsync(CancellationToken.None);
        }
        catch (Exception taken) when (taken is IOException or SocketException)
        {
            throw new UserException(
                $"cannot listen on {options.Listen}: {Why(taken)}; choose another with --listen", ExitCode.Invalid, taken);
        }
    }

    private static string Why(Exception taken) =>
        (taken as SocketException ?? taken.GetBaseException() as SocketException)?.SocketErrorCode switch
        {
            SocketError.AddressAlreadyInUse => "another program listens on this port",
            SocketError.AddressNotAvailable => "this machine has no such address",
            SocketError.AccessDenied => "this user may not listen on this port",
            _ => taken.Message,
        };

    /// <summary>
    /// Requests first, so that no job is taken in by a process that drives no more runs; then the runs; then the commands.
    /// </summary>
    private async Task StopAsync(WebApplication app, ActiveRuns runs, Task resumed, CancellationToken forceStop)
    {
        options.Local.Log("stopping: what has not begun goes on with the next start");
        using var time = new CancellationTokenSource(options.StopTimeout, clock);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(forceStop, time.Token);
        using var answers = new CancellationTokenSource(AnswerTimeout, clock);
        await app.StopAsync(answers.Token);
        await runs.StopAsync(resumed, ending.Token);
    }

    private static async Task UntilAsync(CancellationToken stop)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = stop.Register(stopped.SetResult);
        await stopped.Task;
    }
}
