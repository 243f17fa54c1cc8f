using System.ComponentModel;
using System.Text;
using IacCi.Core.Linux;
using IacCi.Core.Model;
using IacCi.Core.Worker.Events;

namespace IacCi.Core.Worker.Processes;

/// <summary>
/// Runs an order's commands as processes of this machine. Each order has one thread while it runs, which waits in poll(2) for
/// output, the end of the shell, and the order's clock; so an end is noticed at once and memory is bounded by one buffer.
/// </summary>
/// <param name="clock">Measures the order's time.</param>
/// <param name="runAs">As whom they run; null for the user of this process.</param>
/// <param name="hasOwnThread">The caller gives each order a thread of its own, which may block; else a new one is started.</param>
internal sealed class CommandRunner(TimeProvider clock, RunAsUser? runAs = null, bool hasOwnThread = false) : ICommandRunner
{
    /// <summary>The variable that names the folder for events.</summary>
    public const string EventsVariable = "IAC_CI_EVENTS_DIR";

    /// <summary>How often, and how long each time, commands wait for what the machine is short of.</summary>
    private const int MaxWaits = 300;

    private static readonly TimeSpan WaitTime = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(49);

    /// <inheritdoc/>
    public async ValueTask<CommandOutcome> RunAsync(
        CommandList commands, IOutputSink output, CancellationToken stop, CancellationToken kill)
    {
        if (stop.IsCancellationRequested)
        {
            return new CommandOutcome(OrderStatus.Failed, null, FailureReason.Cancelled, []);
        }

        return hasOwnThread ? Run(commands, output, stop, kill) : await OrderThreads.RunAsync(() => Run(commands, output, stop, kill));
    }

    private CommandOutcome Run(CommandList commands, IOutputSink output, CancellationToken stopToken, CancellationToken kill)
    {
        var variables = new Dictionary<string, string>(commands.Environment) { [EventsVariable] = commands.EventsFolder };
        using var folders = runAs?.TakeOver(commands.Folder, commands.EventsFolder, variables);
        commands = commands with { RunAs = runAs };
        using var processes = new OrderProcesses(commands.EventsFolder);
        using var environment = new EnvironmentBlock(variables);
        var timeout = commands.Timeout < LongestTimer ? commands.Timeout : LongestTimer;
        using var stop = Waiting(() => new OrderStop(clock, timeout, stopToken, kill), output, stopToken);
        var end = RunAttempts(commands, environment, output, stop, processes, stopToken);
        var collected = EventFiles.Collect(commands.EventsFolder);
        foreach (var note in collected.Notes)
        {
            Say(output, note);
        }

        return end with { Events = collected.Events };
    }

    private static CommandOutcome RunAttempts(
        CommandList commands, EnvironmentBlock environment, IOutputSink output, OrderStop stop, OrderProcesses processes,
        CancellationToken stopToken)
    {
        for (var number = 1; ; number++)
        {
            CommandOutcome end;
            using (var attempt = Waiting(() => new Attempt(commands, environment, output, stop, processes), output, stopToken))
            {
                end = attempt.Run();
            }

            if (!processes.EndAll())
            {
                Say(output, "processes of this order could not be ended");
            }

            if (end.Status != OrderStatus.Failed || stop.Reason != StopReason.None || number > commands.Retries)
            {
                return end;
            }

            Say(output, $"attempt {number + 1} of {commands.Retries + 1}, because of {end.FailureReason}");
        }
    }

    /// <summary>Makes something that takes descriptors. Where there are none now, it waits for others to give theirs back.</summary>
    private static T Waiting<T>(Func<T> make, IOutputSink output, CancellationToken stop)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return make();
            }
            catch (Win32Exception scarce) when (Scarcity.Is(scarce) && attempt < MaxWaits && !stop.IsCancellationRequested)
            {
                if (attempt == 1)
                {
                    Say(output, $"the commands wait: {scarce.Message}");
                }

                _ = stop.WaitHandle.WaitOne(WaitTime);
            }
        }
    }

    /// <summary>Adds a line of our own to the order's log.</summary>
    internal static void Say(IOutputSink output, string line) => output.Write(Encoding.UTF8.GetBytes($"iac-ci: {line}\n"));
}
