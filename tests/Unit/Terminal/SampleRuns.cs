using IacCi.Core.Engine;
using IacCi.Core.Model;
using IacCi.Core.Terminal;

namespace IacCi.Tests.Unit.Terminal;

/// <summary>Runs to look at.</summary>
internal static class SampleRuns
{
    public static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static RunPlan Plan(params (string Name, int[] Dependencies)[] orders) => new()
    {
        RunId = RunId.Parse("0b6c0d3a-1111-2222-3333-444455556666"),
        TraceId = TraceId.Parse("a3f7b2c1"),
        FlowId = "zoe:a3f7b2c1-exec",
        CreatedAt = Start,
        Orders = [.. orders.Select((order, i) => new PlannedOrder
        {
            Num = OrderNum.At(i),
            Name = order.Name,
            TimeoutSeconds = 60,
            Dependencies = [.. order.Dependencies.Select(number => OrderNum.At(number - 1))],
            BundleKey = "k",
            BundleSha256 = "d",
            Recipient = "age1",
        })],
    };

    public static RunPlan Network { get; } = Plan(
        ("vpc", []), ("subnets-日本語", [1]), ("cluster", [2]), ("a name that is much longer than any column may become", [1]),
        ("dns", [3, 4]), ("last", [1, 2, 3, 4, 5]));

    public static OrderLine[] NetworkUnderWay()
    {
        var view = new RunProgressView(Network);
        view.Take(Progress(Network, "rqqqqq", 0));
        view.Take(Progress(Network, "srqrqq", 3.2, Ended(Network, 1, OrderAction.Succeed, 3.2)));
        view.Take(OrderNum.At(1), "\e[32mCreating\e[0m subnet\t2 of 3 \u202Eevil");
        view.Take(OrderNum.At(3), new string('x', 300));
        view.Take(Progress(Network, "sssfqq", 64, Ended(Network, 2, OrderAction.Succeed, 63),
            Ended(Network, 4, OrderAction.Fail, 64, "command_failed: exit code 4 of command 1 of 2")));
        view.Take(Progress(Network, "ssrfff", 65, Ended(Network, 5, OrderAction.Skip, 65, FailureReason.DependencyFailed),
            Ended(Network, 6, OrderAction.Skip, 65, FailureReason.DependencyFailed)));
        view.Take(OrderNum.At(2), "クラスタを作成しています... [10s elapsed]");
        return view.Snapshot();
    }

    public static OrderChange Ended(RunPlan plan, int number, OrderAction action, double at, string? reason = null, string? log = null) =>
        new()
        {
            Num = OrderNum.At(number - 1),
            Name = plan.Orders[number - 1].Name,
            Action = action,
            At = Start.AddSeconds(at),
            FinishedAt = Start.AddSeconds(at),
            FailureReason = reason,
            LogTail = log,
            ExitCode = action == OrderAction.Fail ? 4 : null,
        };

    public static RunProgress Progress(RunPlan plan, string states, double at, params OrderChange[] news) =>
        new(plan, new RunCheckpoint(states, null, null), news, null, Start.AddSeconds(at));

    public static RunView Run()
    {
        var job = new JobRecord
        {
            RunId = Network.RunId,
            TraceId = Network.TraceId,
            FlowId = Network.FlowId,
            Status = JobStatus.Failed,
            OrderCount = 3,
            PayloadDigest = "d",
            CreatedAt = Start,
            LastUpdate = Start,
            Deadline = Start.AddHours(1),
            FinishedAt = Start.AddSeconds(4_000),
            Title = "network",
        };
        return new RunView(job,
        [
            Order(job, 1, "vpc", OrderStatus.Succeeded) with { StartedAt = Start, FinishedAt = Start.AddSeconds(3.2), ExitCode = 0 },
            Order(
                job, 2, "subnets-日本語",
                OrderStatus.Failed) with { StartedAt =
                    Start, FinishedAt = Start.AddSeconds(125), ExitCode = 4, FailureReason = "command_failed: exit code 4" },
            Order(job, 3, "cluster", OrderStatus.Running) with { StartedAt = Start.AddSeconds(10) },
        ]);
    }

    public static OrderRecord Order(JobRecord job, int number, string name, OrderStatus status) => new()
    {
        RunId = job.RunId,
        Num = OrderNum.At(number - 1),
        TraceId = job.TraceId,
        FlowId = job.FlowId,
        Status = status,
        Name = name,
        Commands = ["true"],
        BundleLocation = "k",
        CallbackKey = "k",
        Target = ExecutionTarget.CodeBuild,
        TimeoutSeconds = 60,
        CreatedAt = Start,
        LastUpdate = Start,
        ExpiresAt = Start.AddDays(1),
    };
}
