using System.Text;
using IacCi.Core.Hosts.Local;
using IacCi.Core.Model;
using IacCi.Core.Terminal;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary>The results, as JSON, of commands whose text is made of other people's lines.</summary>
internal static class OutputJson
{
    /// <summary><c>{"run_id", "comment"}</c>.</summary>
    public static string Comment(RunId run, string comment) => JsonText.ObjectText(json =>
    {
        json.WriteString("run_id", run.Value);
        json.WriteString("comment", comment);
    });

    /// <summary>
    /// <c>{"run_id", "orders": [{"order_num", "order_name", "status", "log"}]}</c>; with <c>follow</c> when all of them have ended.
    /// </summary>
    public static async Task<string> LogsAsync(
        RunSource runs, RunId run, IReadOnlyList<OrderRecord> orders, FollowOptions? follow, CancellationToken cancellationToken)
    {
        List<string> logs = [];
        foreach (var order in orders)
        {
            using var log = new MemoryStream();
            await new LogReader(runs.Store, runs.Objects, runs.LiveLogs, log, TimeProvider.System)
                .ShowAsync([order], headings: false, follow, cancellationToken);
            logs.Add(Encoding.UTF8.GetString(log.GetBuffer(), 0, (int)log.Length));
        }

        List<OrderRecord> now = [];
        foreach (var chunk in orders.Select(order => order.Num).Chunk(IRunStore.MaxWrites))
        {
            now.AddRange(await runs.Store.FindOrdersAsync(run, chunk, cancellationToken));
        }

        var byNum = now.ToDictionary(order => order.Num);
        return JsonText.ObjectText(json =>
        {
            json.WriteString("run_id", run.Value);
            json.WriteStartArray("orders");
            foreach (var (order, log) in orders.Zip(logs))
            {
                json.WriteStartObject();
                json.WriteString("order_num", order.Num.ToString());
                json.WriteString("order_name", order.Name);
                json.WriteString("status", byNum.GetValueOrDefault(order.Num, order).Status.Word());
                json.WriteString("log", log);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
    }

    /// <summary><c>{"dry_run", "removed": [{"run_id", "status", "finished_at", "title"}], "bytes", "left"}</c>.</summary>
    public static string Pruned(PruneOutcome outcome, bool dryRun) => JsonText.ObjectText(json =>
    {
        json.WriteBoolean("dry_run", dryRun);
        json.WriteStartArray("removed");
        foreach (var run in outcome.Removed)
        {
            json.WriteStartObject();
            json.WriteString("run_id", run.Run.Value);
            json.WriteString("status", run.Status.Word());
            json.WriteString("finished_at", run.FinishedAt.UtcDateTime);
            json.WriteString("title", run.Title);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("bytes", outcome.Bytes);
        json.WriteNumber("left", outcome.Left);
    });
}
