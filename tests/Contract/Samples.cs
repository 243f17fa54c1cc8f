using System.Globalization;
using IacCi.Core.Model;

namespace IacCi.Tests.Contract;

/// <summary>Records that the contract suites write, each member set, so that what a store forgets is noticed.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset T0 = new(2026, 3, 14, 15, 9, 26, 535, TimeSpan.Zero);

    private static int runs;

    /// <summary>A run id that no other test uses.</summary>
    public static RunId NewRun() => RunId.Parse(string.Create(CultureInfo.InvariantCulture, $"run-{Interlocked.Increment(ref runs)}_x"));

    /// <summary>A trace id that belongs to one run of these tests.</summary>
    public static TraceId TraceOf(RunId run) =>
        TraceId.Parse(int.Parse(run.Value.Split('-', '_')[1], CultureInfo.InvariantCulture).ToString("x8", CultureInfo.InvariantCulture));

    public static string FlowOf(RunId run) => TraceOf(run).FlowId("zoë", "exec");

    public static JobRecord Job(RunId run, int orders = 3, DateTimeOffset? at = null) => new()
    {
        RunId = run,
        TraceId = TraceOf(run),
        FlowId = FlowOf(run),
        Status = JobStatus.Preparing,
        OrderCount = orders,
        PayloadDigest = new string('a', 64),
        CreatedAt = at ?? T0,
        LastUpdate = at ?? T0,
        Deadline = (at ?? T0).AddHours(1),
        Title = "Netz – größer.yaml",
    };

    public static OrderRecord Order(RunId run, int num) => new()
    {
        RunId = run,
        Num = new OrderNum(num),
        TraceId = TraceOf(run),
        FlowId = FlowOf(run),
        Name = NameOf(num),
        QueueId = string.Create(CultureInfo.InvariantCulture, $"q-{num}"),
        Commands = ["echo 'ünï \"quoted\"'", "true && echo 🚀"],
        BundleLocation = $"s3://bucket/{RunKeys.Bundle(run, new OrderNum(num))}",
        CallbackKey = RunKeys.Result(run, new OrderNum(num)),
        Target = num % 2 == 0 ? ExecutionTarget.Lambda : ExecutionTarget.CodeBuild,
        Git = "eyJyZXBvIjoiYS9iIn0=",
        Dependencies = num > 1 ? [new OrderNum(num - 1)] : [],
        MustSucceed = num % 3 != 0,
        TimeoutSeconds = 60 + num,
        CreatedAt = T0,
        LastUpdate = T0,
        ExpiresAt = T0.AddDays(1),
    };

    public static RunPlan Plan(RunId run, int orders = 3) => new()
    {
        RunId = run,
        TraceId = TraceOf(run),
        FlowId = FlowOf(run),
        CreatedAt = T0,
        Orders = [.. Enumerable.Range(1, orders).Select(n => new PlannedOrder
        {
            Num = new OrderNum(n),
            Name = NameOf(n),
            TimeoutSeconds = 60 + n,
            BundleKey = RunKeys.Bundle(run, new OrderNum(n)),
            BundleSha256 = new string('b', 64),
            Recipient = "age1xyz",
        })],
    };

    public static RunLock Lock(RunId run, int orders = 3) => new()
    {
        RunId = run,
        TraceId = TraceOf(run),
        FlowId = FlowOf(run),
        Checkpoint = RunCheckpoint.Fresh(orders),
        Deadline = T0.AddHours(1),
    };

    public static OrderChange Change(int num, OrderAction action, double seconds = 1) =>
        new() { Num = new OrderNum(num), Name = NameOf(num), Action = action, At = T0.AddSeconds(seconds) };

    public static OrderNum[] Nums(params int[] numbers) => [.. numbers.Select(n => new OrderNum(n))];

    public static string NameOf(int num) => string.Create(CultureInfo.InvariantCulture, $"vpc {num} – größe");
}
