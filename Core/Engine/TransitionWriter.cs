using IacCi.Core.Model;

namespace IacCi.Core.Engine;

/// <summary>
/// Writes what follows from results: their own steps, and with them, in the same transactions where they fit, the steps that they make
/// possible. When a step is refused, what is known was behind; it is put right and everything is decided anew.
/// </summary>
internal sealed class TransitionWriter(IRunStore store, IObjectStore objects, TimeProvider clock, IWorkers workers)
{
    /// <summary>The most results that are folded at once: they are read side by side, and each may be large.</summary>
    public const int MaxFold = 32;

    /// <summary>Reads the results of these orders; those that have none, or are known to be over, are left out.</summary>
    public async ValueTask<Dictionary<OrderNum, OrderChange>> ReadAsync(
        LeaseSession session, IEnumerable<OrderNum> nums, CancellationToken cancellationToken)
    {
        var open = nums.Where(n => !n.IsJob && n.Index < session.Plan.Orders.Count && !session[n].IsTerminal()).ToList();
        var reads = open.ConvertAll(num => ReadAsync(session.Plan.RunId, session.Plan[num], cancellationToken).AsTask());
        var changes = await Task.WhenAll(reads);
        return changes.OfType<OrderChange>().ToDictionary(change => change.Num);
    }

    /// <summary>Writes the steps of these results and of everything that follows.</summary>
    /// <returns>The last decision; its settlements and intents are written.</returns>
    public async ValueTask<Decision> SettleAsync(
        LeaseSession session, Dictionary<OrderNum, OrderChange> results, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        if (IsLimited(session) && results.Keys.Any(num => session[num] == OrderStatus.Queued))
        {
            // Somebody started this order and died before the commit; what else was started then takes places too.
            await LearnAsync(session, Open(session), cancellationToken);
        }

        // Each round puts one order right, and an order moves three times in its life at most.
        for (var round = 0; round <= 4 * session.Plan.Orders.Count; round++)
        {
            var (changes, decision) = Next(session, results, deadline);
            if (await RefusedAsync(session, changes, cancellationToken) is not { } refused)
            {
                return decision;
            }

            await LearnAsync(session, refused.Chunk, refused.Why, cancellationToken);
            foreach (var change in refused.Chunk.Where(change => Transitions.Next(session[change.Num], change.Action) is null))
            {
                results.Remove(change.Num);
            }
        }

        throw new InvalidOperationException($"the records of run {session.Plan.RunId} contradict themselves");
    }

    /// <summary>The smaller of two limits, either of which may be missing.</summary>
    public static int? Limit(int? here, int? asked) => here is { } a && asked is { } b ? Math.Min(a, b) : here ?? asked;

    /// <summary>A bare step of an order.</summary>
    public static OrderChange Step(LeaseSession session, OrderNum num, OrderAction action, DateTimeOffset at) =>
        new() { Num = num, Name = session.Plan[num].Name, Action = action, At = at };

    private (List<OrderChange> Changes, Decision Decision) Next(
        LeaseSession session, Dictionary<OrderNum, OrderChange> results, DateTimeOffset deadline)
    {
        var now = clock.GetUtcNow();
        var states = session.States.ToArray();
        List<OrderChange> changes = [];
        foreach (var change in results.Values.Where(change => !session[change.Num].IsTerminal()))
        {
            changes.Add(change);
            states[change.Num.Index] = change.Target.Letter();
        }

        if (now >= deadline && states.Any(letter => !StatusText.FromLetter(letter).IsTerminal()))
        {
            session.Ending ??= JobEnding.Deadline;
        }

        var decision = Decider.Decide(session.Graph, states, session.Ending, Limit(workers.Capacity, session.Plan.MaxParallel));
        changes.AddRange(
            decision.Settle.Select(s => Step(session, s.Num, s.Action, now) with { FailureReason = s.Reason, FinishedAt = now }));
        changes.AddRange(decision.Dispatch.Select(num => Step(session, num, OrderAction.Dispatch, now)));
        return (changes, decision);
    }

    private async ValueTask<(IReadOnlyList<OrderChange> Chunk, AdvanceOutcome.Refused Why)?> RefusedAsync(
        LeaseSession session, List<OrderChange> changes, CancellationToken cancellationToken)
    {
        foreach (var chunk in TransitionBatches.Chunks(changes))
        {
            if (await store.AdvanceAsync(session.Plan, chunk, cancellationToken) is AdvanceOutcome.Refused refused)
            {
                return (chunk, refused);
            }

            session.Applied(chunk);
        }

        return null;
    }

    /// <summary>
    /// What is known is behind for one order of a transaction, and mostly for all of it (its holder died before the commit): the records
    /// are read together, or putting a large run right one order at a time might take longer than an invocation has. Where the orders in
    /// flight are limited, all of them are read: one that nobody here knows of takes a place too.
    /// </summary>
    private async ValueTask LearnAsync(
        LeaseSession session, IReadOnlyList<OrderChange> chunk, AdvanceOutcome.Refused refused, CancellationToken cancellationToken)
    {
        session.Correct(refused);
        await LearnAsync(session, IsLimited(session) ? Open(session) : chunk.Select(change => change.Num), cancellationToken);
    }

    private bool IsLimited(LeaseSession session) => Limit(workers.Capacity, session.Plan.MaxParallel) is not null;

    private static IEnumerable<OrderNum> Open(LeaseSession session) =>
        session.Plan.Orders.Select(order => order.Num).Where(num => !session.IsOver(num));

    private async ValueTask LearnAsync(LeaseSession session, IEnumerable<OrderNum> unsure, CancellationToken cancellationToken)
    {
        foreach (var nums in unsure.Chunk(IRunStore.MaxWrites))
        {
            foreach (var record in await store.FindOrdersAsync(session.Plan.RunId, nums, cancellationToken))
            {
                session[record.Num] = record.Status;
            }
        }
    }

    private async ValueTask<OrderChange?> ReadAsync(RunId run, PlannedOrder order, CancellationToken cancellationToken)
    {
        try
        {
            return await objects.GetAsync(RunKeys.Result(run, order.Num), OrderResult.MaxResultBytes, cancellationToken) is { } content
                ? ResultTransition.Change(order, content, clock.GetUtcNow())
                : null;
        }
        catch (ObjectTooLargeException tooLarge)
        {
            return ResultTransition.Invalid(order, tooLarge.Message, clock.GetUtcNow());
        }
    }
}
