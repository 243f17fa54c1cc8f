using IacCi.Core.Model;

namespace IacCi.Simulation.Models;

/// <summary>
/// A worker process that is at an order, and may be asked to end its commands and to report for itself, as on one machine.
/// </summary>
internal sealed class WorkerPresence(World world, Actor actor)
{
    /// <summary>The longest that commands take to end when they are asked to, in seconds.</summary>
    public const int StopSeconds = StopPolicy.DefaultGraceSeconds;

    private readonly int invocation = actor.Invocation;
    private Action? heard;

    public bool IsThere => !actor.Dead && actor.Invocation == invocation;

    public bool HasClaimed { get; set; }

    /// <summary>What the order is to become.</summary>
    public (OrderStatus Status, string Reason)? Asked { get; private set; }

    public void Ask(OrderStatus status, string reason)
    {
        Asked ??= (status, reason);
        heard?.Invoke();
    }

    /// <summary>Waits until the commands are over, or have ended because they were asked to.</summary>
    /// <returns>Whether they were ended.</returns>
    public Task<bool> CommandsAsync(int seconds)
    {
        var over = new TaskCompletionSource<bool>();
        world.After(TimeSpan.FromSeconds(seconds).Ticks, () => Over(false));
        heard = () => world.After(TimeSpan.FromMilliseconds(world.Rng.Between(1, StopSeconds * 1_000)).Ticks, () => Over(true));
        if (Asked is not null)
        {
            heard();
        }

        return over.Task;

        void Over(bool ended)
        {
            if (IsThere)
            {
                heard = null;
                over.TrySetResult(ended);
            }
        }
    }
}
