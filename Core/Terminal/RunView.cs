using System.Text.Json;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Terminal;

/// <summary>A run as people and scripts see it, here or on AWS.</summary>
/// <param name="Job">The job's record.</param>
/// <param name="Orders">The orders' records, by number; empty in lists.</param>
internal sealed record RunView(JobRecord Job, IReadOnlyList<OrderRecord> Orders)
{
    /// <summary>Whether nobody works on it although it is not over.</summary>
    public bool IsAbandoned { get; init; }

    /// <summary>Reads a run, a constant number of records at a time.</summary>
    public static async ValueTask<RunView> ReadAsync(IRunStore store, JobRecord job, CancellationToken cancellationToken) =>
        new(job, await ReadOrdersAsync(store, job.RunId, job.OrderCount, cancellationToken));

    /// <summary>Reads the orders of a run, a constant number of records at a time.</summary>
    internal static async ValueTask<IReadOnlyList<OrderRecord>> ReadOrdersAsync(
        IRunStore store, RunId run, int count, CancellationToken cancellationToken)
    {
        List<OrderRecord> orders = [];
        foreach (var chunk in Enumerable.Range(0, count).Select(OrderNum.At).Chunk(IRunStore.MaxWrites))
        {
            orders.AddRange(await store.FindOrdersAsync(run, chunk, cancellationToken));
        }

        return orders;
    }

    /// <summary>Finds why orders were skipped. A new one each time, which looks at each order once.</summary>
    internal RootCauses FindCauses() => RootCauses.Of(Orders);

    /// <summary>Why an order did not succeed, in words for a terminal; of one that was skipped, which orders made it so.</summary>
    /// <param name="order">The order.</param>
    /// <param name="causes">From <see cref="FindCauses"/>.</param>
    internal string Why(OrderRecord order, RootCauses causes) => order.Shown() == DisplayStatus.Skipped
        ? RootCauses.Sentence([.. CausesOf(order, causes).Select(cause => TerminalText.Clean(cause.Name))])
        : FailureOf(order);

    /// <summary>Why an order failed by itself, in words for a terminal.</summary>
    internal static string FailureOf(OrderRecord order) =>
        TerminalText.Clean(FailureText.Of(order.Status, order.FailureReason, order.ExitCode, order.TimeoutSeconds).Text);

    /// <summary>The orders that made this one be skipped.</summary>
    internal IReadOnlyList<OrderRecord> CausesOf(OrderRecord order, RootCauses causes) =>
        [.. causes.Of(order.Num).Select(Find)];

    /// <summary>By its index, unless records before it are forgotten.</summary>
    private OrderRecord Find(OrderNum num) =>
        num.Index < Orders.Count && Orders[num.Index].Num == num ? Orders[num.Index] : Orders.First(order => order.Num == num);

    /// <summary>How many orders are shown how.</summary>
    public OrderCounts Counts => OrderCounts.Of(Orders.Select(order => order.Shown()));

    /// <summary>How many orders have which status of the contract: here, what was skipped or cancelled has failed.</summary>
    public RunSummary Summary => new(
        Orders.Count(order => order.Status == OrderStatus.Succeeded),
        Orders.Count(order => order.Status == OrderStatus.Failed),
        Orders.Count(order => order.Status == OrderStatus.TimedOut));

    /// <summary>The object that <c>run --output json</c> ends with.</summary>
    public string ToJson() => JsonText.Text(json => Write(json, withOrders: true), JsonText.Indented);

    /// <summary>A list of runs, without their orders.</summary>
    public static string ToJson(IEnumerable<RunView> runs) => JsonText.Text(
        json =>
        {
            json.WriteStartArray();
            foreach (var run in runs)
            {
                run.Write(json, withOrders: false);
            }

            json.WriteEndArray();
        },
        JsonText.Indented);

    private void Write(Utf8JsonWriter json, bool withOrders)
    {
        json.WriteStartObject();
        json.WriteString("run_id", Job.RunId.Value);
        json.WriteString("trace_id", Job.TraceId.Value);
        json.WriteString("flow_id", Job.FlowId);
        json.WriteString("status", Job.Status.Word());
        json.WriteBoolean("abandoned", IsAbandoned);
        json.WriteString("failure_reason", Job.FailureReason);
        json.WriteString("title", Job.Title);
        json.WriteString("username", FlowName.UserOf(Job.FlowId, Job.TraceId));
        WriteTime(json, "created_at", Job.CreatedAt);
        WriteTime(json, "finished_at", Job.FinishedAt);
        json.WriteStartObject("summary");
        json.WriteNumber("succeeded", Summary.Succeeded);
        json.WriteNumber("failed", Summary.Failed);
        json.WriteNumber("timed_out", Summary.TimedOut);
        json.WriteEndObject();
        json.WriteStartObject("counts");
        foreach (var (status, count) in Counts.All)
        {
            json.WriteNumber(status.Key(), count);
        }

        json.WriteEndObject();
        if (withOrders)
        {
            json.WriteStartArray("orders");
            var causes = FindCauses();
            foreach (var order in Orders)
            {
                Write(json, order, CausesOf(order, causes));
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, OrderRecord order, IReadOnlyList<OrderRecord> causes)
    {
        json.WriteStartObject();
        json.WriteString("order_num", order.Num.ToString());
        json.WriteString("order_name", order.Name);
        json.WriteString("queue_id", order.QueueId);
        json.WriteString("status", order.Status.Word());
        if (order.ExitCode is { } code)
        {
            json.WriteNumber("exit_code", code);
        }
        else
        {
            json.WriteNull("exit_code");
        }

        json.WriteString("failure_reason", order.FailureReason);
        WriteTime(json, "started_at", order.StartedAt);
        WriteTime(json, "finished_at", order.FinishedAt);
        json.WriteString("display_status", order.Shown().Key());
        json.WriteString("execution_url", ExecutionOf(order));
        WriteCauses(json, causes);
        if (order.Terraform is { } sums)
        {
            sums.Write(json, "terraform");
        }
        else
        {
            json.WriteNull("terraform");
        }

        json.WriteEndObject();
    }

    /// <summary>The orders that failed by themselves and made an order be skipped.</summary>
    internal static void WriteCauses(Utf8JsonWriter json, IReadOnlyList<OrderRecord> causes)
    {
        json.WriteStartArray("root_causes");
        foreach (var cause in causes)
        {
            json.WriteStartObject();
            json.WriteString("order_num", cause.Num.ToString());
            json.WriteString("order_name", cause.Name);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>The build or invocation that runs an order; null on one machine, where there is nothing to look at.</summary>
    internal static string? ExecutionOf(OrderRecord order) =>
        order.ExecutionUrl is { } url && !url.StartsWith("local:", StringComparison.Ordinal) ? url : null;

    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? time) =>
        json.WriteString(
            name, time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture));
}
