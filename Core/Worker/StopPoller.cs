using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Worker;

/// <summary>Looks, from the claim of an order until its commands have ended, whether somebody asks for their end.</summary>
internal sealed class StopPoller : IAsyncDisposable
{
    /// <summary>How long the look before the first command may hold it up.</summary>
    private static readonly TimeSpan FirstLookTime = TimeSpan.FromSeconds(10);

    private readonly IOrderChannel channel;
    private readonly TimeSpan interval;
    private readonly TimeProvider clock;
    private readonly Action<string> log;
    private readonly CancellationTokenSource asked = new();
    private readonly CancellationTokenSource ended = new();
    private Task polling = Task.CompletedTask;
    private bool wasLogged;

    private StopPoller(IOrderChannel channel, TimeSpan interval, TimeProvider clock, Action<string> log)
    {
        (this.channel, this.interval, this.clock, this.log) = (channel, interval, clock, log);
    }

    /// <summary>Is cancelled when somebody asks.</summary>
    public CancellationToken Asked => asked.Token;

    /// <summary>What was asked; null when nothing was.</summary>
    public StopRequest? Request { get; private set; }

    /// <summary>Looks once, and then again and again.</summary>
    /// <param name="channel">Where a request appears.</param>
    /// <param name="interval">How long to wait between two looks; null to look never, where a worker is told otherwise.</param>
    /// <param name="clock">The time.</param>
    /// <param name="log">Gets why a look failed, once.</param>
    public static async ValueTask<StopPoller> StartAsync(
        IOrderChannel channel, TimeSpan? interval, TimeProvider clock, Action<string> log)
    {
        var poller = new StopPoller(channel, interval ?? default, clock, log);
        if (interval is null)
        {
            return poller;
        }

        using var first = new CancellationTokenSource(FirstLookTime, clock);
        if (!await poller.LookAsync(first.Token))
        {
            poller.polling = poller.PollAsync();
        }

        return poller;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await polling;
        ended.Dispose();
        asked.Dispose();
    }

    private async Task PollAsync()
    {
        try
        {
            do
            {
                await Task.Delay(interval, clock, ended.Token);
            }
            while (!await LookAsync(ended.Token));
        }
        catch (OperationCanceledException)
        {
            // The commands have ended.
        }
    }

    /// <summary>A look that fails is followed by another one: a worker that cannot look goes on.</summary>
    private async ValueTask<bool> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            Request = await channel.FindStopAsync(cancellationToken);
        }
        catch (Exception failed) when (failed is StoreUnavailableException or UserException or OperationCanceledException
            && !ended.IsCancellationRequested)
        {
            if (!wasLogged)
            {
                log($"it cannot be seen whether the order is to be stopped: {failed.Message}");
                wasLogged = true;
            }
        }

        if (Request is null)
        {
            return false;
        }

        await asked.CancelAsync();
        return true;
    }
}
