using System.Text;
using System.Text.Json;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Lambda.Events;

/// <summary>The input of an orchestrator: which runs have news, and what could not be made sense of.</summary>
internal sealed record WakeEvent
{
    /// <summary>The numbers with news, by run, in the order in which the runs came.</summary>
    public required IReadOnlyList<(RunId Run, IReadOnlyCollection<OrderNum> News)> Runs { get; init; }

    /// <summary>The run that an operator wants looked at and woken, with an answer; null for events that only bring news.</summary>
    public RunId? Asked { get; init; }

    /// <summary>What was passed over, a sentence each, at most <see cref="MaxProblems"/>.</summary>
    public required IReadOnlyList<string> Skipped { get; init; }

    /// <summary>The most problems that are listed for one event.</summary>
    public const int MaxProblems = 20;

    /// <summary>The deepest wrapping that is undone: S3 → EventBridge or SNS → SQS.</summary>
    private const int MaxWraps = 3;

    /// <summary>
    /// Reads an S3 event (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html: several records, keys
    /// URL-encoded), also one that came by SNS, SQS or EventBridge (whose keys are not encoded), <c>{"run_id": ...}</c>
    /// from an operator, or <c>{"wake": {"run_id": ...}}</c> from one who waits for the answer. Never throws for anything the event may be:
    /// a record that makes no sense is passed over.
    /// </summary>
    /// <param name="json">The event.</param>
    /// <param name="bucket">The bucket whose objects are news; those of others are passed over.</param>
    public static WakeEvent Read(ReadOnlyMemory<byte> json, string bucket)
    {
        var reader = new Reader(bucket);
        reader.Take(json, MaxWraps);
        return new WakeEvent
        {
            Runs = [.. reader.Order.Select(run => (run, (IReadOnlyCollection<OrderNum>)reader.News[run]))],
            Asked = reader.Asked,
            Skipped = reader.Skipped,
        };
    }

    private sealed class Reader(string bucket)
    {
        public Dictionary<RunId, SortedSet<OrderNum>> News { get; } = [];

        public List<RunId> Order { get; } = [];

        public RunId? Asked { get; private set; }

        public List<string> Skipped { get; } = [];

        public void Take(ReadOnlyMemory<byte> json, int wraps)
        {
            using var document = AwsEventJson.TryParse(json);
            if (document is null)
            {
                Skip("an event is no JSON object");
                return;
            }

            TakeEvent(document.RootElement, wraps);
        }

        private void TakeEvent(JsonElement root, int wraps)
        {
            if (root.At("Records") is { ValueKind: JsonValueKind.Array } records)
            {
                foreach (var record in records.EnumerateArray())
                {
                    TakeRecord(record, wraps);
                }
            }
            else if (root.At("detail") is { ValueKind: JsonValueKind.Object } detail)
            {
                TakeObject(detail.TextAt("bucket", "name"), detail.TextAt("object", "key"));
            }
            else if (root.At("wake") is { } wake)
            {
                Asked = Named(wake.TextAt("run_id"), "wake.run_id");
            }
            else if (root.At("run_id") is not null)
            {
                if (Named(root.TextAt("run_id"), "run_id") is { } run)
                {
                    Add(run, OrderNum.Job);
                }
            }
            else if (root.TextAt("Event") != "s3:TestEvent")
            {
                Skip("an event has neither Records nor a run_id");
            }
        }

        private void TakeRecord(JsonElement record, int wraps)
        {
            if ((record.TextAt("Sns", "Message") ?? record.TextAt("body")) is { } wrapped)
            {
                if (wraps == 0)
                {
                    Skip("a record is wrapped too often");
                    return;
                }

                Take(Encoding.UTF8.GetBytes(wrapped), wraps - 1);
                return;
            }

            // '+' stands for a space, and comes before the escapes are undone: an encoded '+' is one.
            var key = record.TextAt("s3", "object", "key") is { } encoded ? Uri.UnescapeDataString(encoded.Replace('+', ' ')) : null;
            TakeObject(record.TextAt("s3", "bucket", "name"), key);
        }

        private void TakeObject(string? from, string? key)
        {
            if (from is null || key is null)
            {
                Skip("a record names no object of S3");
            }
            else if (from != bucket)
            {
                Skip($"a record is about the bucket {Printable.Word(from)}, and results come in {bucket}");
            }
            else if (RunKeys.TryParseResult(key, out var run, out var num))
            {
                Add(run, num);
            }
            else
            {
                Skip($"a record is about {Printable.Word(key)}, which is no key of a result");
            }
        }

        private RunId? Named(string? text, string member)
        {
            if (text is not null && RunId.TryParse(text, out var run))
            {
                return run;
            }

            Skip($"{member} is no run id");
            return null;
        }

        private void Add(RunId run, OrderNum num)
        {
            if (!News.TryGetValue(run, out var news))
            {
                News.Add(run, news = []);
                Order.Add(run);
            }

            news.Add(num);
        }

        private void Skip(string why)
        {
            if (Skipped.Count < MaxProblems)
            {
                Skipped.Add(why);
            }
        }
    }
}
