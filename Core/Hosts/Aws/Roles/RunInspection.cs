using System.Globalization;
using System.Text;
using System.Text.Json;
using IacCi.Core.Engine;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Roles;

/// <summary>
/// What an operator sees of a run from the outside: who is at work on it, what nobody has handled, and what the engine would do now.
/// </summary>
/// <param name="Job">The job's record.</param>
/// <param name="Lock">The lock item; null while the job is not active yet, or when it was forgotten.</param>
/// <param name="Unhandled">Orders with a result that nobody has handled.</param>
/// <param name="Next">What would be decided now; null when there is no plan or no lock item.</param>
/// <param name="At">When it was looked at.</param>
internal sealed record RunInspection(JobRecord Job, RunLock? Lock, IReadOnlyList<OrderNum> Unhandled, Decision? Next, DateTimeOffset At)
{
    /// <summary>Looks at a run; writes nothing.</summary>
    /// <returns>Null when there is no such run.</returns>
    public static async ValueTask<RunInspection?> FindAsync(RunEngine engine, RunId run, CancellationToken cancellationToken)
    {
        var (store, now) = (engine.Ports.Store, engine.Clock.GetUtcNow());
        if (await store.FindJobAsync(run, cancellationToken) is not { } job)
        {
            return null;
        }

        var held = await store.FindLockAsync(run, cancellationToken);
        if (held is null || await engine.Plans.FindAsync(run, cancellationToken) is not { } graph)
        {
            return new RunInspection(job, held, [], null, now);
        }

        var backlog = await RunBacklog.ReadAsync(engine.Ports.Objects, graph, held, engine.Ports.Workers.Capacity, now, cancellationToken);
        return new RunInspection(job, held, backlog.Unhandled, held.Completed ? null : backlog.Next, now);
    }

    /// <summary>What is said of a run that is not there.</summary>
    public static UserException Missing(RunId run) =>
        new($"there is no run {run} in this account and region; 'iac-ci status' lists the runs");

    /// <summary>For people: a line per fact.</summary>
    /// <param name="outcome">What was done; null when nothing was to be done.</param>
    public string ToText(WakeOutcome? outcome)
    {
        var text = new StringBuilder();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"run      {Job.RunId} · {Job.Status.Word()} · trace {Job.TraceId} · {Plural.Of(Job.OrderCount, "order")} · deadline " +
                $"{Job.Deadline:O}");
        if (Lock is { } held)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"lease    {Lease(held)}");
            text.AppendLine(CultureInfo.InvariantCulture, $"inbox    {Names(held.Inbox.Order())}");
            text.AppendLine(
                CultureInfo.InvariantCulture, $"orders   {string.Join(", ", Counts(held).Select(pair => $"{pair.Count} {pair.Status}"))}");
        }
        else
        {
            text.AppendLine("lease    there is no lock item: the job is not active yet, or forgotten");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"results  not folded yet: {Names(Unhandled)}");
        if (Next is { } next)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"ready    {Names(next.Dispatch)}");
            text.AppendLine(CultureInfo.InvariantCulture, $"to do    {Plan(next)}");
        }

        return text.Append(outcome is { } done ? $"did      {OrchestrateRole.Word(done)}" : "did      nothing (dry run)").ToString();
    }

    /// <summary>For scripts: one object.</summary>
    /// <param name="outcome">What was done; null when nothing was to be done.</param>
    public string ToJson(WakeOutcome? outcome) => JsonText.ObjectText(json => Write(json, outcome), JsonText.Indented);

    /// <summary>The members of <see cref="ToJson"/>.</summary>
    public void Write(Utf8JsonWriter json, WakeOutcome? outcome)
    {
        json.WriteString("run_id", Job.RunId.Value);
        json.WriteString("trace_id", Job.TraceId.Value);
        json.WriteString("status", Job.Status.Word());
        Write(json, Lock);
        Write(json, "unfolded", Unhandled);
        Write(json, "ready", Next?.Dispatch ?? []);
        Write(json, "restart", Next?.Restart ?? []);
        Write(json, "end", Next?.End ?? []);
        Write(json, "settle", Next?.Settle.Select(settlement => settlement.Num) ?? []);
        json.WriteString("outcome", Next?.Outcome?.Word());
        json.WriteString("did", outcome is { } done ? OrchestrateRole.Word(done) : null);
    }

    private void Write(Utf8JsonWriter json, RunLock? held)
    {
        if (held is null)
        {
            json.WriteNull("lease");
            return;
        }

        json.WriteStartObject("lease");
        json.WriteString("owner", held.Owner);
        json.WriteString("until", held.LeaseUntil?.ToString("O", CultureInfo.InvariantCulture));
        json.WriteBoolean("held", held.IsHeldAt(At));
        json.WriteBoolean("completed", held.Completed);
        json.WriteEndObject();
        Write(json, "inbox", held.Inbox.Order());
        json.WriteStartObject("orders");
        foreach (var (status, count) in Counts(held))
        {
            json.WriteNumber(status, count);
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<OrderNum> nums)
    {
        json.WriteStartArray(name);
        foreach (var num in nums)
        {
            json.WriteStringValue(num.ToString());
        }

        json.WriteEndArray();
    }

    private static IEnumerable<(string Status, int Count)> Counts(RunLock held) =>
        held.Checkpoint.States.GroupBy(letter => letter).Select(group => (StatusText.FromLetter(group.Key).Word(), group.Count()));

    private string Lease(RunLock held) => held switch
    {
        { Completed: true } => "none: the run is completed",
        { Owner: null } => "free",
        _ =>
            string.Create(
                CultureInfo.InvariantCulture, $"{(held.IsHeldAt(At) ? "held" : "run out")}: {held.Owner} until {held.LeaseUntil:O}"),
    };

    private static string Plan(Decision next) => next.IsIdle
        ? "nothing: waiting for results"
        : $"dispatch {next.Dispatch.Count}, start again {next.Restart.Count}, settle {next.Settle.Count}, end " +
            $"{next.End.Count}{(next.Outcome is { } outcome ? $", finish as {outcome.Word()}" : "")}";

    private static string Names(IEnumerable<OrderNum> nums) => string.Join(' ', nums) is { Length: > 0 } names ? names : "none";
}
