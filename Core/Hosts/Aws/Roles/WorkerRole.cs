using IacCi.Core.Bundles;
using IacCi.Core.Hosts.Aws.Lambda;
using IacCi.Core.Hosts.Logging;
using IacCi.Core.Model;
using IacCi.Core.Text;
using IacCi.Core.Worker;

namespace IacCi.Core.Hosts.Aws.Roles;

/// <summary>What the worker of one order stands on: what its dispatch left for it.</summary>
/// <param name="Channel">The claim and the result.</param>
/// <param name="Bundles">Where its bundle comes from.</param>
/// <param name="Identities">What opens it.</param>
internal sealed record OpenedOrderPorts(IOrderChannel Channel, IBundleSource Bundles, IIdentitySource Identities);

/// <summary>Opens what the dispatch of an order left for its worker.</summary>
internal delegate ValueTask<OpenedOrderPorts> OpenPorts(
    OrderAssignment order, Action<string> log, CancellationToken cancellationToken);

/// <summary>
/// Works on one order, in a Lambda or a build. Nothing of it is left for the next: no file, no process, no variable.
/// </summary>
/// <param name="open">Opens what the dispatch of an order left.</param>
/// <param name="runner">Runs the commands.</param>
/// <param name="site">Where.</param>
/// <param name="clock">The time.</param>
/// <param name="randomBytes">Makes random bytes.</param>
internal sealed class WorkerRole(
    OpenPorts open, ICommandRunner runner, WorkerEnvironment site, TimeProvider clock, Func<int, byte[]> randomBytes) : IRole
{
    /// <summary>
    /// How long before the end of an invocation the commands are killed, if they still run: their result has to be reported.
    /// </summary>
    public static readonly TimeSpan ReportTime = TimeSpan.FromSeconds(10);

    /// <summary>How often a worker looks whether its order is to be stopped.</summary>
    private static readonly TimeSpan StopInterval = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public async ValueTask<RoleAnswer> HandleAsync(Invocation invocation, StructuredLog log, CancellationToken cancellationToken) =>
        Answer(await RunAsync(OrderAssignment.FromEvent(invocation.Event.Span), live: null, log,
            site.IsReused ? invocation.Deadline - ReportTime : null, cancellationToken));

    /// <summary>Works on an order.</summary>
    /// <param name="order">Which.</param>
    /// <param name="live">Gets the masked output as it comes; null when nobody watches.</param>
    /// <param name="log">The log.</param>
    /// <param name="endsAt">When the commands are killed at the latest, because the process is ended soon after; null where nobody ends
    /// it.</param>
    /// <param name="cancellationToken">Before the claim: nothing is done. After it: the commands are ended, and that is reported.</param>
    /// <param name="kill">Kills the commands instead of waiting until they have ended.</param>
    public async ValueTask<WorkerEnding> RunAsync(
        OrderAssignment order, IOutputSink? live, StructuredLog log, DateTimeOffset? endsAt, CancellationToken cancellationToken,
        CancellationToken kill = default)
    {
        var about = log.For(order.RunId, order.TraceId, order.OrderNum);
        Clear(about);
        try
        {
            var (channel, bundles, identities) = await open(order, about.Warn, cancellationToken);
            var opener = new BundleOpener(bundles, identities, _ => OrderFolder.Create(site.Root, randomBytes));
            var options = new WorkerOptions
            {
                BaseEnvironment = site.SetUp(),
                Execution = site.Execution,
                EndsAt = endsAt,
                StopInterval = StopInterval,
                Trace = about.Info,
            };
            return await new OrderWorker(bundles, opener, runner, options, clock, randomBytes, about.Warn)
                .RunAsync(order, channel, live, cancellationToken, kill);
        }
        finally
        {
            Clear(about);
        }
    }

    /// <summary>What a worker's ending means for whoever started it: an order that failed is a failed build.</summary>
    public static ExitCode CodeOf(WorkerEnding ending) => ending switch
    {
        WorkerEnding.Reported { Status: OrderStatus.Failed } => ExitCode.Failed,
        WorkerEnding.Reported { Status: OrderStatus.TimedOut } => ExitCode.TimedOut,
        WorkerEnding.Reported or WorkerEnding.LeftAlone => ExitCode.Succeeded,
        _ => ExitCode.Fault,
    };

    /// <summary>
    /// An order that could not be claimed or reported is an error: AWS may try again, which is harmless, because the claim decides.
    /// </summary>
    private static RoleAnswer Answer(WorkerEnding ending) => ending switch
    {
        WorkerEnding.Reported reported => new(Write(reported.Status.Word(), reported.FirstResult), CodeOf(ending)),
        WorkerEnding.LeftAlone => new(Write("left_alone", reported: false), CodeOf(ending)),
        WorkerEnding.NotClaimed not => throw new UserException($"nothing was run: {not.Reason}", ExitCode.Fault),
        WorkerEnding.ReportLost lost =>
            throw new UserException($"the commands have run, and their result could not be reported: {lost.Reason}", ExitCode.Fault),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static ReadOnlyMemory<byte> Write(string status, bool reported) => JsonText.Object(json =>
    {
        json.WriteString("status", status);
        json.WriteBoolean("reported", reported);
    });

    private void Clear(StructuredLog about)
    {
        if (!site.Clear())
        {
            about.Warn("files of an order could not be removed");
        }
    }
}
