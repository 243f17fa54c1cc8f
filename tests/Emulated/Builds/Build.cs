using System.Text.Json.Nodes;
using IacCi.Emulated.Processes;

namespace IacCi.Emulated.Builds;

/// <summary>One build of CodeBuild.</summary>
public sealed class Build
{
    private const int MaxLogLines = 50_000;

    private readonly Lock _gate = new();
    private readonly Queue<string> _log = new();

    /// <summary><c>PROJECT:UUID</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Its number in the project.</summary>
    public required int Number { get; init; }

    /// <summary>Its project.</summary>
    public required string Project { get; init; }

    /// <summary>The name of its role.</summary>
    internal string Role { get; init; } = "";

    /// <summary>When StartBuild was called.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Minutes that it may take once it runs.</summary>
    public required int TimeoutInMinutes { get; init; }

    /// <summary>The project's variables and the call's overrides.</summary>
    public required IReadOnlyDictionary<string, string> Variables { get; init; }

    /// <summary>IN_PROGRESS, SUCCEEDED, FAILED, STOPPED, TIMED_OUT or FAULT.</summary>
    public string Status { get; private set; } = "IN_PROGRESS";

    /// <summary>QUEUED, BUILD or COMPLETED.</summary>
    public string Phase { get; private set; } = "QUEUED";

    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedAt { get; private set; }

    /// <summary>The phase that failed and why, if any.</summary>
    public string? FailedPhase { get; private set; }

    /// <summary>Of the failed phase.</summary>
    public string? Message { get; private set; }

    /// <summary>Its process, once it runs.</summary>
    public int ProcessId => Process?.Id ?? 0;

    /// <summary>What it wrote.</summary>
    public IReadOnlyList<string> Log
    {
        get
        {
            lock (_gate)
            {
                return [.. _log];
            }
        }
    }

    internal string Buildspec { get; init; } = "";

    internal string Arn { get; init; } = "";

    internal JsonNode? Environment { get; init; }

    internal ProcessGroup? Process { get; private set; }

    internal TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal void Note(string line)
    {
        lock (_gate)
        {
            _log.Enqueue(line);
            if (_log.Count > MaxLogLines)
            {
                _log.Dequeue();
            }
        }
    }

    /// <summary>False: it was ended before it could run.</summary>
    internal bool Run(Func<ProcessGroup> start)
    {
        lock (_gate)
        {
            if (EndedAt is not null)
            {
                return false;
            }

            (Phase, Process) = ("BUILD", start());
            return true;
        }
    }

    /// <summary>The first end stands.</summary>
    internal bool End(string status, DateTimeOffset at, string? phase = null, string? message = null)
    {
        lock (_gate)
        {
            if (EndedAt is not null)
            {
                return false;
            }

            (Status, Phase, EndedAt, FailedPhase, Message) = (status, "COMPLETED", at, phase, message);
        }

        Process?.Kill();
        Ended.TrySetResult();
        return true;
    }

    /// <summary>https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Build.html</summary>
    internal JsonObject ToJson()
    {
        lock (_gate)
        {
            var group = $"/aws/codebuild/{Project}";
            var build = new JsonObject
            {
                ["id"] = Id,
                ["arn"] = Arn,
                ["buildNumber"] = Number,
                ["projectName"] = Project,
                ["startTime"] = Seconds(StartedAt),
                ["currentPhase"] = Phase,
                ["buildStatus"] = Status,
                ["buildComplete"] = EndedAt is not null,
                ["timeoutInMinutes"] = TimeoutInMinutes,
                ["initiator"] = "emulated",
                ["phases"] = Phases(),
                ["environment"] = Environment?.DeepClone(),
                ["logs"] = new JsonObject
                {
                    ["groupName"] = group,
                    ["streamName"] = Id.Split(':')[1],
                    ["deepLink"] = $"https://console.aws.amazon.com/cloudwatch/home#logEvent:group={group};stream={Id.Split(':')[1]}",
                },
            };
            if (EndedAt is { } ended)
            {
                build["endTime"] = Seconds(ended);
            }

            return build;
        }
    }

    private JsonArray Phases()
    {
        var phases =
            new JsonArray { new JsonObject { ["phaseType"] = "SUBMITTED", ["phaseStatus"] = "SUCCEEDED",
                ["startTime"] = Seconds(StartedAt) } };
        if (FailedPhase is not null)
        {
            phases.Add((JsonNode)new JsonObject
            {
                ["phaseType"] = FailedPhase,
                ["phaseStatus"] = Status,
                ["contexts"] = new JsonArray { new JsonObject { ["statusCode"] = "COMMAND_EXECUTION_ERROR", ["message"] = Message } },
            });
        }

        if (EndedAt is not null)
        {
            phases.Add((JsonNode)new JsonObject { ["phaseType"] = "COMPLETED", ["startTime"] = Seconds(EndedAt.Value) });
        }

        return phases;
    }

    private static double Seconds(DateTimeOffset at) => at.ToUnixTimeMilliseconds() / 1000.0;
}
