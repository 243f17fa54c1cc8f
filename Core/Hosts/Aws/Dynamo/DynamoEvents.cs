using System.Runtime.CompilerServices;
using Amazon.DynamoDBv2.Model;
using IacCi.Core.Model;
using static IacCi.Core.Hosts.Aws.Dynamo.Attributes;

namespace IacCi.Core.Hosts.Aws.Dynamo;

/// <summary>Events, and the list of jobs that is made out of them.</summary>
internal sealed partial class DynamoRunStore
{
    /// <summary>The most pages of events that are read of one trace; a page is 1 MB.</summary>
    private const int MaxEventPages = 500;

    /// <summary>The most jobs that are listed at once.</summary>
    private const int MaxListed = 1_000;

    /// <summary>A job leaves two events.</summary>
    private const int EventsPerJob = 2;

    /// <inheritdoc/>
    /// <remarks>One call for each page. The items come by name and not by time, so all are read before the first is given.</remarks>
    public async IAsyncEnumerable<RunEvent> ReadEventsAsync(TraceId trace, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var events = new List<RunEvent>();
        var request = new QueryRequest
        {
            TableName = _tables.Events,
            KeyConditionExpression = "trace_id = :trace",
            ExpressionAttributeValues = new() { [":trace"] = TextValue(trace.Value) },
            ConsistentRead = true,
        };
        for (var page = 0; page < MaxEventPages; page++)
        {
            var answer = await _calls.QueryAsync(request, cancellationToken);
            events.AddRange((answer.Items ?? []).Select(DynamoItems.Event));
            if (answer.LastEvaluatedKey is not { Count: > 0 } last)
            {
                break;
            }

            request.ExclusiveStartKey = last;
        }

        foreach (var happened in events.OrderBy(e => e.Epoch).ThenBy(e => e.OrderName, StringComparer.Ordinal))
        {
            yield return happened;
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Jobs are found by their events, through the index: one that was never activated is not among them, and one of the last moment may be
    /// missing, because an index follows its table.
    /// </remarks>
    public async ValueTask<IReadOnlyList<JobRecord>> ListJobsAsync(int limit, CancellationToken cancellationToken)
    {
        var wanted = Math.Min(limit, MaxListed);
        var runs = await NewestRunsAsync(wanted, cancellationToken);
        var jobs = new List<JobRecord>();
        foreach (var chunk in runs.Chunk(IRunStore.MaxWrites))
        {
            var items = await _calls.GetAllAsync([.. chunk.Select(run => DynamoItems.OrderKey(run, OrderNum.Job))], cancellationToken);
            jobs.AddRange(items.Select(DynamoItems.Job));
        }

        return [.. jobs.OrderByDescending(job => job.CreatedAt).ThenBy(job => job.RunId.Value, StringComparer.Ordinal).Take(wanted)];
    }

    private async ValueTask<HashSet<RunId>> NewestRunsAsync(int wanted, CancellationToken cancellationToken)
    {
        var runs = new HashSet<RunId>();
        var request = new QueryRequest
        {
            TableName = _tables.Events,
            IndexName = DynamoItems.EventsIndex,
            KeyConditionExpression = "order_name = :job",
            ExpressionAttributeValues = new() { [":job"] = TextValue(RunEvent.JobEventName) },
            ScanIndexForward = false,
        };
        for (var left = wanted * EventsPerJob; left > 0;)
        {
            request.Limit = left;
            var answer = await _calls.QueryAsync(request, cancellationToken);
            var items = answer.Items ?? [];
            runs.UnionWith(items.Select(item => RunId.Parse(NeedText(item, "run_id"))));
            left -= Math.Max(items.Count, 1);
            if (answer.LastEvaluatedKey is not { Count: > 0 } last)
            {
                break;
            }

            request.ExclusiveStartKey = last;
        }

        return runs;
    }
}
