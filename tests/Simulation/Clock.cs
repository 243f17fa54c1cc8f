namespace IacCi.Simulation;

/// <summary>The virtual time as one machine sees it: its clock may be off.</summary>
internal sealed class Clock(World world, Actor actor, long skew) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => new(world.Now + skew, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => world.Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(world, actor, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(World world, Actor actor, TimerCallback callback, object? state) : ITimer
    {
        private int version;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var mine = ++version;
            if (dueTime >= TimeSpan.Zero)
            {
                world.After(dueTime.Ticks, () =>
                {
                    if (mine == version && !actor.Dead)
                    {
                        callback(state);
                    }
                });
            }

            return true;
        }

        public void Dispose() => version++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}

/// <summary>
/// One process: a container of a Lambda, a build, or a caller. Killed, it never goes on, and what it awaits is forgotten.
/// </summary>
internal sealed class Actor(World world, Role role, int id, long skew)
{
    public Role Role { get; } = role;

    public int Id { get; } = id;

    public bool Dead { get; set; }

    /// <summary>What to do when the process dies in the middle of an invocation.</summary>
    public Action? Died { get; set; }

    /// <summary>Counts invocations, so that a limit of one does not hit the next.</summary>
    public int Invocation { get; set; }

    /// <summary>When the invocation began, in the world's time.</summary>
    public long BeganAt { get; set; }

    /// <summary>How far the machine's clock is off.</summary>
    public long Skew { get; } = skew;

    /// <summary>The last invocation that threw.</summary>
    public int FailedAt { get; set; }

    /// <summary>Where its code goes on; null where that is on the spot.</summary>
    public SynchronizationContext? Context { get; set; }

    /// <summary>Its clock, where it is not <see cref="Clock"/>.</summary>
    public TimeProvider Time { get => field ?? Clock; set; }

    /// <summary>Runs a part of its code, if it lives.</summary>
    public void Run(Action code)
    {
        if (Dead)
        {
            return;
        }

        var outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(Context);
        try
        {
            code();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    public Clock Clock => field ??= new Clock(world, this, Skew);

    public override string ToString() => $"{Role}#{Id}";
}
