namespace IacCi.Emulated.Faults;

/// <summary>The faults that are switched on. Safe to change while everything runs.</summary>
public sealed class FaultPlan
{
    private readonly Lock _gate = new();
    private readonly SeededRandom _dice;
    private ActiveFault[] _active = [];

    internal FaultPlan(SeededRandom dice) => _dice = dice;

    /// <summary>Switches a fault on, until what is returned is disposed.</summary>
    public ActiveFault Add(Fault fault)
    {
        var active = new ActiveFault(this, fault);
        lock (_gate)
        {
            _active = [.. _active, active];
        }

        return active;
    }

    /// <summary>Switches all faults off.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _active = [];
        }
    }

    internal void Remove(ActiveFault active)
    {
        lock (_gate)
        {
            _active = [.. _active.Where(a => a != active)];
        }
    }

    /// <summary>The faults that happen now, to this.</summary>
    internal IReadOnlyList<Fault> Strike(string caller, string service, string operation, string resource)
    {
        var active = Volatile.Read(ref _active);
        return active.Length == 0
            ? []
            : [.. active.Where(a => Fits(a.Fault, caller, service, operation, resource) && a.Strikes(_dice)).Select(a => a.Fault)];
    }

    internal TimeSpan Wait(Fault fault) => fault.Jitter ? fault.Delay * _dice.Fraction() : fault.Delay;

    private static bool Fits(Fault fault, string caller, string service, string operation, string resource) =>
        Pattern.Fits(fault.Caller, caller) && Reaches(fault, service) && Pattern.Fits(fault.Operation, operation) &&
        Pattern.Fits(fault.Resource, resource);

    /// <summary>A fault that names no service means calls, not the points inside of the emulator.</summary>
    private static bool Reaches(Fault fault, string service) =>
        fault.Service is null ? !service.Contains(':', StringComparison.Ordinal) : Pattern.Fits(fault.Service, service);
}

/// <summary>A fault that is switched on.</summary>
public sealed class ActiveFault : IDisposable
{
    private readonly FaultPlan _plan;
    private readonly Lock _gate = new();
    private int _fitted;

    internal ActiveFault(FaultPlan plan, Fault fault) => (_plan, Fault) = (plan, fault);

    /// <summary>What it does, and when.</summary>
    public Fault Fault { get; }

    /// <summary>How often it happened.</summary>
    public int Hits { get; private set; }

    /// <summary>Switches it off.</summary>
    public void Dispose() => _plan.Remove(this);

    internal bool Strikes(SeededRandom dice)
    {
        lock (_gate)
        {
            var turn = _fitted++ - Fault.Skip;
            if (turn < 0 || (turn + 1) % Fault.Every != 0 || Hits >= Fault.Times || !dice.Hits(Fault.Probability))
            {
                return false;
            }

            Hits++;
            return true;
        }
    }
}
