using CsCheck;
using IacCi.Core.Engine;
using IacCi.Core.Model;

namespace IacCi.Tests.Simulated;

/// <summary>The pure parts, for any input.</summary>
internal sealed class DeciderPropertyTests
{
    private static readonly Gen<(RunGraph Graph, string States)> Situation =
        from count in Gen.Int[1, 6]
        from edges in Gen.Bool.Array[count * count]
        from must in Gen.Bool.Array[count]
        from states in Gen.Int[0, 6].Select(i => "qqdrsft"[i]).Array[count]
        select (new RunGraph(PlanOf(count, edges, must)), new string(states));

    [Test]
    public void A_decision_is_what_the_definition_says() =>
        Gen.Select(Situation, Gen.Int[0, 7]).Sample(input =>
        {
            var ((graph, states), limit) = input;
            var capacity = limit == 7 ? (int?)null : limit;
            var decision = Decider.Decide(graph, states, null, capacity);
            var naive = new Naive(graph.Plan, states);
            var inFlight = states.Count(c => c is 'd' or 'r');
            var ready = Enumerable.Range(0, states.Length).Where(naive.IsReady).ToHashSet();
            var dispatched = decision.Dispatch.Select(n => n.Index).ToList();
            var open = graph.Plan.Orders.Where((_, i) => states[i] == 'd').Select(order => order.Target).ToHashSet();
            var heldBack = ready.RemoveWhere(i => open.Contains(graph.Plan.Orders[i].Target)) > 0;
            var expected = Math.Min(ready.Count, capacity is { } c ? Math.Max(0, c - inFlight) : int.MaxValue);
            return dispatched.ToHashSet().IsSubsetOf(ready)
                && dispatched.Distinct().Count() == expected
                && decision.Settle.Select(s => s.Num.Index).ToHashSet().SetEquals(Enumerable.Range(0, states.Length).Where(naive.IsBlocked))
                && decision.Restart.Select(n => n.Index).ToHashSet().SetEquals(
                    Enumerable.Range(0, states.Length).Where(i => states[i] == 'd'))
                && decision.End.Count == 0
                && decision.HeldBack == heldBack
                && decision.Outcome == naive.Outcome();
        });

    [Test]
    public void An_ending_leaves_nothing_queued_and_ends_what_is_in_flight() =>
        Gen.Select(Situation, Gen.Bool).Sample(input =>
        {
            var ((graph, states), cancelled) = input;
            var decision = Decider.Decide(graph, states, cancelled ? JobEnding.Cancelled : JobEnding.Deadline, null);
            return decision.Dispatch.Count == 0
                && decision.Settle.Select(s => s.Num.Index).SequenceEqual(Enumerable.Range(0, states.Length).Where(i => states[i] == 'q'))
                && decision.End.Select(n => n.Index).SequenceEqual(Enumerable.Range(0, states.Length).Where(i => states[i] is 'd' or 'r'))
                && decision.Outcome == (states.Any(c => c is 'd' or 'r') ? null : cancelled ? JobStatus.Failed : JobStatus.TimedOut);
        });

    [Test]
    public void Transactions_hold_every_change_in_order_and_stay_within_their_bounds() =>
        Gen.Select(Gen.Int[0, 40], Gen.Int[0, 5_000]).Array[0, 120].Sample(sizes =>
        {
            var changes = sizes.Select((s, i) => Change(i + 1, OrderAction.Succeed) with
            {
                CustomEvents = [.. Enumerable.Repeat(new string('e', s.Item2), s.Item1)],
            }).ToList();
            var chunks = TransitionBatches.Chunks(changes).ToList();
            return chunks.SelectMany(c => c).SequenceEqual(changes)
                && chunks.All(c => c.Count > 0 && c.Sum(x => x.WriteCount) <= IRunStore.MaxWrites)
                && chunks.All(c => c.Count == 1 || c.Sum(x => x.CustomEvents.Sum(e => e.Length)) <= TransitionBatches.MaxChars);
        });

    [Test]
    public void The_events_of_a_runs_steps_never_meet_in_one_key() =>
        Gen.Select(Gen.Int[0, 3].Array[3], Gen.Int[0, 40], Gen.Int[0, 2]).Sample(input =>
        {
            var (micros, custom, end) = input;
            var plan = PlanOf(1, new bool[1], [true]);
            var at = DateTimeOffset.UnixEpoch.AddDays(20_000);
            OrderAction[] actions = [OrderAction.Dispatch, OrderAction.Start, OrderAction.Succeed + end];
            var events = actions.Select((action, i) => Change(1, action) with
            {
                At = at.AddMicroseconds(micros[i]),
                CustomEvents = i == 2 ? [.. Enumerable.Repeat("{}", custom)] : [],
            }).SelectMany(change => RunEvents.Of(plan, change)).ToList();
            return events.Count == 3 + custom && events.Select(e => e.Epoch).Distinct().Count() == events.Count;
        });

    [Test]
    public void Any_bytes_are_a_result_or_a_problem_and_never_an_exception() =>
        Gen.OneOf(
            Gen.Byte.Array[0, 200],
            Gen.String.Select(System.Text.Encoding.UTF8.GetBytes),
            Gen.Select(
                Gen.Int[0, Fragments.Length - 1].Select(i => Fragments[i]).Array[0, 12],
                parts => System.Text.Encoding.UTF8.GetBytes(string.Concat(parts)))).Sample(bytes =>
        {
            return OrderResultReader.Parse(bytes) switch
            {
                ResultReading.Valid valid => valid.Result.Status.IsTerminal(),
                ResultReading.Invalid invalid => invalid.Reason.Length > 0,
                _ => false,
            };
        });

    private static readonly string[] Fragments =
    [
        "{", "}", "[", "]", ",", ":", "\"status\"", "\"succeeded\"", "\"failed\"", "\"log\"", "\"\\ud800\"", "\"events\"", "{}", "1e999",
        "null", "\"exit_code\"", "\"started_at\"",
        "{\"status\":\"succeeded\",", "\"events\":[{\"a\":\"\\ud800\"}]", "\"log\":\"\\ud800\"", "\"finished_at\":\"9999-99-99\"",
        "\"exit_code\":99999999999",
    ];

    private static OrderChange Change(int num, OrderAction action) =>
        new() { Num = new OrderNum(num), Name = "o", Action = action, At = DateTimeOffset.UnixEpoch };

    private static RunPlan PlanOf(int count, bool[] edges, bool[] must) => new()
    {
        RunId = RunId.Parse("r"),
        TraceId = TraceId.Parse("00000001"),
        FlowId = "f",
        CreatedAt = DateTimeOffset.UnixEpoch,
        Orders = [.. Enumerable.Range(0, count).Select(i => new PlannedOrder
        {
            Num = OrderNum.At(i),
            Name = "o",
            Target = (ExecutionTarget)(i % 2),
            TimeoutSeconds = 1,
            MustSucceed = must[i],
            Dependencies = [.. Enumerable.Range(0, i).Where(d => edges[(i * count) + d]).Select(OrderNum.At)],
            BundleKey = "b",
            BundleSha256 = "s",
            Recipient = "a",
        })],
    };

    /// <summary>The definition of ready and blocked, word for word, by recursion and without any thought of cost.</summary>
    private sealed class Naive(RunPlan plan, string states)
    {
        public bool IsBlocked(int i) =>
            states[i] == 'q' && plan.Orders[i].MustSucceed
                && Dependencies(i).Any(d => plan.Orders[d].MustSucceed && (states[d] is 'f' or 't' || IsBlocked(d)));

        public bool IsReady(int i) =>
            states[i] == 'q' && !IsBlocked(i) && Dependencies(i).All(d => states[d] is 's' or 'f' or 't' || IsBlocked(d));

        public JobStatus? Outcome()
        {
            var final = states.Select((c, i) => IsBlocked(i) ? 'f' : c).ToArray();
            var must = final.Where((_, i) => plan.Orders[i].MustSucceed).ToArray();
            return final.Any(c => c is 'q' or 'd' or 'r') ? null
                : must.Contains('t') ? JobStatus.TimedOut
                : must.Contains('f') ? JobStatus.Failed
                : JobStatus.Succeeded;
        }

        private IEnumerable<int> Dependencies(int i) => plan.Orders[i].Dependencies.Select(d => d.Index);
    }
}
