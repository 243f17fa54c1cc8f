namespace IacCi.Simulation.Machine;

/// <summary>
/// The clocks of the machine as one process sees them: a time of day that may be set, and a monotonic clock that is the world's own time.
/// </summary>
internal sealed class MachineClock(World world, Actor actor) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => new(world.Now + world.Machine!.SetBy, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => world.Spec.Mutation == Mutation.LocalDeadlineOfWallClock ? GetUtcNow().UtcTicks : world.Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(world, actor, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(World world, Actor actor, TimerCallback callback, object? state) : ITimer
    {
        private TimerStep? next;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            next?.Cancel();
            next = null;
            if (dueTime >= TimeSpan.Zero)
            {
                var due = world.Spec.Mutation == Mutation.LocalBusyLoop && dueTime == Core.Hosts.Local.LocalEngine.LookInterval
                    ? TimeSpan.FromMilliseconds(2)
                    : dueTime;
                next = new TimerStep(actor, callback, state);
                world.Add(next, world.Now + due.Ticks);
            }

            return true;
        }

        public void Dispose() => next?.Cancel();

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }

    private sealed class TimerStep(Actor actor, TimerCallback callback, object? state) : Step
    {
        private bool cancelled;

        public override bool IsIdle => cancelled || actor.Dead;

        public void Cancel() => cancelled = true;

        public override void Run() => actor.Run(() => callback(state));
    }
}

/// <summary>
/// Where the code of one process goes on: on the world's thread, at a moment that the seed chooses, as long as the process lives.
/// Everything that the code awaits comes back here, so a process that was killed does nothing more.
/// </summary>
internal sealed class ProcessContext(World world, Actor actor) : SynchronizationContext
{
    private const int MaxDelayTicks = 2_000;

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (Environment.CurrentManagedThreadId == world.ThreadId)
        {
            world.Add(new Posted(actor, d, state), world.Now + 1 + world.Rng.Below(MaxDelayTicks));
        }
        else
        {
            world.Breach("bug", $"the code under test left the world's thread: {Environment.StackTrace}");
        }
    }

    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("nothing waits for another thread here");

    public override SynchronizationContext CreateCopy() => this;

    private sealed class Posted(Actor actor, SendOrPostCallback d, object? state) : Step
    {
        public override bool IsIdle => actor.Dead;

        public override void Run() => actor.Run(() => d(state));
    }
}
