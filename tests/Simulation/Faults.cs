namespace IacCi.Simulation;

/// <summary>
/// Decides what goes wrong and when: from a stream of its own, so that taking one fault away leaves the others as they are as far as can
/// be.
/// </summary>
internal sealed class Faults
{
    private static readonly Fault[] OfCalls =
        [Fault.CrashBefore, Fault.CrashAfter, Fault.Throttle, Fault.ErrorAfter, Fault.Repeated, Fault.Conflict];

    private readonly Spec spec;
    private readonly Rng rng;
    private readonly Fault[] ofCalls;
    private readonly int perMille;
    private int quietThrottles;

    /// <summary>
    /// AWS calls a Lambda that failed twice more: a failure is made good by that alone. (Two could hit a call and the release after it.)
    /// </summary>
    private const int MaxQuietThrottles = 1;

    public Faults(Spec spec)
    {
        this.spec = spec;
        rng = new Rng(spec.Seed, 3);
        ofCalls = [.. OfCalls.Where(f => spec.Faults.HasFlag(f))];
        perMille = ofCalls.Length == 0 ? 0 : rng.Pick(3, 10, 30, 80);
    }

    /// <summary>How many faults have occurred.</summary>
    public int Hits { get; private set; }

    /// <summary>Faults that a scenario plants: asked first.</summary>
    public Func<Actor, Verb, Fault>? Planted { get; set; }

    /// <summary>How many seconds a scenario has a process stand still before a call.</summary>
    public Func<Actor, Verb, int>? PlantedPause { get; set; }

    public Fault OfCall(Actor actor, Verb verb)
    {
        if (Planted is { } planted && planted(actor, verb) is var fault && fault != Fault.None)
        {
            return fault;
        }

        if (spec.Quiet
            && (actor.Role != Role.Orchestrate || verb is Verb.StartWorker or Verb.StartWatchdog || quietThrottles == MaxQuietThrottles))
        {
            return Fault.None;
        }

        if (perMille == 0 || Hits >= spec.MaxFaults || !rng.Chance(perMille))
        {
            return Fault.None;
        }

        var kind = rng.Pick<Fault>(ofCalls);
        quietThrottles++;
        return Befalls(kind, verb) && Occurs() ? kind : Fault.None;
    }

    public bool Hit(Fault fault, int chance)
    {
        if ((spec.Faults & fault) == 0 || Hits >= spec.MaxFaults || !rng.Chance(chance))
        {
            return false;
        }

        return Occurs();
    }

    public int Between(int low, int high) => rng.Between(low, high);

    /// <summary>The work of a worker is no call; and only transactions meet each other.</summary>
    private static bool Befalls(Fault kind, Verb verb) => kind switch
    {
        Fault.Throttle or Fault.ErrorAfter or Fault.Repeated => verb is not Verb.Run,
        Fault.Conflict => verb is Verb.AddOrders or Verb.Activate or Verb.AdvanceJob or Verb.Advance,
        _ => true,
    };

    private bool Occurs() => !spec.Without.Contains(Hits++);
}
