namespace IacCi.Core.Worker.Processes;

/// <summary>
/// For a process that works on one order at a time and has the machine for itself, such as a Lambda that is used again: when the
/// commands have ended, every process that descends from this one is killed, daemons too, so nothing of an order is left for the next.
/// </summary>
internal sealed class ExclusiveCommandRunner : ICommandRunner
{
    private readonly ICommandRunner inner;

    /// <summary>
    /// Makes this process the parent of orphans, and its own environment unreadable for commands (unless they are root's).
    /// </summary>
    public ExclusiveCommandRunner(ICommandRunner inner)
    {
        this.inner = inner;
        Descendants.Adopt();
        Descendants.HideOurselves();
    }

    /// <inheritdoc/>
    public async ValueTask<CommandOutcome> RunAsync(
        CommandList commands, IOutputSink output, CancellationToken stop, CancellationToken kill)
    {
        try
        {
            return await inner.RunAsync(commands, output, stop, kill);
        }
        finally
        {
            if (!Descendants.KillAll())
            {
                CommandRunner.Say(output, "processes of this order could not be ended");
            }
        }
    }
}
