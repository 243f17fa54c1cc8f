namespace IacCi.Simulation;

/// <summary>Something that happens at a moment of virtual time.</summary>
internal abstract class Step
{
    public long At;
    public long Seq;

    /// <summary>Whoever it was meant for is gone: nothing happens, and it counts for nothing.</summary>
    public virtual bool IsIdle => false;

    public abstract void Run();
}

/// <summary>The end of an invocation's time.</summary>
internal sealed class Limit(World world, Actor actor) : Step
{
    private readonly int invocation = actor.Invocation;

    public override bool IsIdle => actor.Dead || actor.Invocation != invocation;

    public override void Run()
    {
        world.Note($"        {actor} is out of time");
        world.Kill(actor);
    }
}

/// <summary>Something that happens at a moment, as a function.</summary>
internal sealed class Then(Action act) : Step
{
    public override void Run() => act();
}

/// <summary>What is still to happen: a heap with four children per node; the same moment is served in the order of asking.</summary>
internal sealed class Agenda
{
    private Step[] heap = new Step[64];
    private long seq;

    public int Count { get; private set; }

    public void Add(Step step, long at)
    {
        step.At = at;
        step.Seq = ++seq;
        if (Count == heap.Length)
        {
            Array.Resize(ref heap, Count * 2);
        }

        var i = Count++;
        while (i > 0)
        {
            var parent = (i - 1) >> 2;
            if (!Before(step, heap[parent]))
            {
                break;
            }

            heap[i] = heap[parent];
            i = parent;
        }

        heap[i] = step;
    }

    public Step Take()
    {
        var first = heap[0];
        var last = heap[--Count];
        heap[Count] = null!;
        if (Count > 0)
        {
            Sink(last);
        }

        return first;
    }

    private void Sink(Step step)
    {
        var i = 0;
        while (true)
        {
            var child = (i << 2) + 1;
            if (child >= Count)
            {
                break;
            }

            var least = child;
            var end = Math.Min(child + 4, Count);
            for (var j = child + 1; j < end; j++)
            {
                least = Before(heap[j], heap[least]) ? j : least;
            }

            if (!Before(heap[least], step))
            {
                break;
            }

            heap[i] = heap[least];
            i = least;
        }

        heap[i] = step;
    }

    private static bool Before(Step x, Step y) => x.At < y.At || (x.At == y.At && x.Seq < y.Seq);
}
