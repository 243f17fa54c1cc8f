using System.Threading.Tasks.Sources;
using IacCi.Core.Text;

namespace IacCi.Simulation;

/// <summary>
/// One call of a port: pending until the world serves it, at a moment that the seed chooses. Then it has its effect and its caller
/// goes on, on the spot, on the world's only thread; or it meets a fault before or after its effect.
/// </summary>
internal sealed class Call<T> : Step, IValueTaskSource<T>, IValueTaskSource
{
    /// <summary>How often a transaction is tried that meets others, as by the real store.</summary>
    private const int MaxAttempts = 8;

    [ThreadStatic]
    private static Stack<Call<T>>? free;

    private World world = null!;
    private Actor actor = null!;
    private Func<T> effect = null!;
    private string? label;
    private Action<object?>? continuation;
    private object? state;
    private T result = default!;
    private Exception? error;
    private bool done;
    private int conflicts;
    private short token;

    public Verb Verb { get; private set; }

    public static Call<T> Make(World world, Actor actor, Verb verb, string? label, Func<T> effect)
    {
        var call = (free ??= new()).TryPop(out var pooled) ? pooled : new Call<T>();
        (call.world, call.actor, call.Verb, call.label, call.effect) = (world, actor, verb, label, effect);
        return call;
    }

    public ValueTask<T> Pending => new(this, token);

    public ValueTask PendingVoid => new(this, token);

    public override bool IsIdle => actor.Dead;

    public override void Run()
    {
        world.Count(actor.Role, Verb);
        switch (world.Faults.OfCall(actor, Verb))
        {
            case Fault.CrashBefore:
                world.Say(actor, Verb, label, "dies before it");
                world.Kill(actor);
                return;
            case Fault.CrashAfter:
                Effect("then dies");
                world.Kill(actor);
                return;
            case Fault.Throttle:
                world.Say(actor, Verb, label, "is throttled");
                error = new StoreUnavailableException("throttled");
                break;
            case Fault.ErrorAfter:
                Effect("but the answer is lost");
                error = new StoreUnavailableException("no answer");
                break;
            case Fault.Conflict when ++conflicts < MaxAttempts:
                world.Say(actor, Verb, label, "meets another transaction");
                world.Again(this, conflicts);
                return;
            case Fault.Conflict:
                world.Say(actor, Verb, label, "keeps meeting other transactions");
                error = new StoreUnavailableException("busy with other writes");
                break;
            case Fault.Repeated:
                Effect("the answer is lost, and it is repeated");
                error = null;
                Effect("");
                break;
            default:
                Effect("");
                break;
        }

        done = true;
        if (continuation is not { } go)
        {
            return;
        }

        if (actor.Context is null)
        {
            go(state);
        }
        else
        {
            var with = state;
            actor.Run(() => go(with));
        }
    }

    private void Effect(string remark)
    {
        try
        {
            result = effect();
            if (world.Tracing)
            {
                world.Say(actor, Verb, label, remark, result);
            }
        }
        catch (Exception thrown)
        {
            world.Say(actor, Verb, label, thrown.Message);
            error = thrown;
        }
    }

    public T GetResult(short of)
    {
        var (answer, thrown) = (result, error);
        (
            world, actor, effect, label, continuation, state, result, error,
            done) = (null!, null!, null!, null, null, null, default!, null, false);
        conflicts = 0;
        token++;
        free!.Push(this);
        return thrown is null ? answer : throw thrown;
    }

    public ValueTaskSourceStatus GetStatus(short of) =>
        !done ? ValueTaskSourceStatus.Pending : error is null ? ValueTaskSourceStatus.Succeeded : ValueTaskSourceStatus.Faulted;

    public void OnCompleted(Action<object?> next, object? with, short of, ValueTaskSourceOnCompletedFlags flags)
    {
        if (Environment.CurrentManagedThreadId != world.ThreadId)
        {
            throw new InvalidOperationException("the code under test left the world's thread");
        }

        (continuation, state) = (next, with);
    }

    void IValueTaskSource.GetResult(short of) => GetResult(of);
}
