using IacCi.Core.Engine;
using IacCi.Core.Hosts.Local;
using IacCi.Core.Model;
using IacCi.Tests.Unit.Code;
using Microsoft.Extensions.Time.Testing;

namespace IacCi.Tests.Unit.Engine;

/// <summary>A watchdog over objects in a folder, whose files' times are wrong on purpose.</summary>
internal sealed class OrderWatchdogTests : IDisposable
{
    private static readonly RunId Run = RunId.Parse("run-1");
    private static readonly DateTime LongAgo = new(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly TempFolder folder = new();
    private readonly SqliteDatabase database;
    private readonly FolderObjectStore objects;
    private readonly OrderWatchdog watch;

    public OrderWatchdogTests()
    {
        database = SqliteDatabase.Open(folder["state.db"]);
        objects = new FolderObjectStore(folder["objects"], _ => { });
        watch = new OrderWatchdog(new SqliteRunStore(database), objects, new RunPlans(objects), new NoWorkers(), clock);
    }

    public void Dispose()
    {
        database.Dispose();
        folder.Dispose();
    }

    [Test]
    public async Task An_order_that_was_just_claimed_is_left_alone_however_old_the_claims_file_looks()
    {
        await ClaimAsync(new OrderNum(1));
        clock.Advance(TimeSpan.FromHours(1));
        var second = await ClaimAsync(new OrderNum(2));
        clock.Advance(TimeSpan.FromSeconds(64));
        await Assert.That(await watch.CheckAsync(second, default)).IsFalse();
        await Assert.That(await ResultOf(second)).IsNull();
    }

    [Test]
    public async Task A_worker_that_is_not_heard_of_is_ended_in_time_and_has_started_when_it_claimed()
    {
        var claimed = clock.GetUtcNow();
        var order = await ClaimAsync(new OrderNum(1));
        clock.Advance(TimeSpan.FromSeconds(65));
        await Assert.That(await watch.CheckAsync(order, default)).IsTrue();
        var result = await ResultOf(order);
        await Assert.That((result!.Status, result.FailureReason)).IsEqualTo((OrderStatus.TimedOut, "worker_unresponsive"));
        await Assert.That((result.StartedAt, result.FinishedAt)).IsEqualTo((claimed, claimed.AddSeconds(65)));
    }

    [Test]
    public async Task An_order_that_nobody_claimed_has_never_started()
    {
        var order = Target(new OrderNum(1));
        clock.Advance(TimeSpan.FromSeconds(959));
        await Assert.That(await watch.CheckAsync(order, default)).IsFalse();
        clock.Advance(TimeSpan.FromSeconds(1));
        await Assert.That(await watch.CheckAsync(order, default)).IsTrue();
        var result = await ResultOf(order);
        await Assert.That((result!.FailureReason, result.StartedAt)).IsEqualTo(("never_started", null));
        await Assert.That((await OrderClaim.FindAsync(objects, Run, order.Num, default))!.By).IsEqualTo("watchdog");
    }

    private WatchTarget Target(OrderNum num) => new(Run, num, 5, clock.GetUtcNow(), 900, 0);

    /// <summary>A worker claims the order now; the claim's file says otherwise.</summary>
    private async Task<WatchTarget> ClaimAsync(OrderNum num)
    {
        var claim = new OrderClaim { WorkerId = "worker-1", ClaimedAt = clock.GetUtcNow() };
        await objects.CreateAsync(RunKeys.Claim(Run, num), claim.ToJson(), default);
        File.SetLastWriteTimeUtc(objects.PathOf(RunKeys.Claim(Run, num)), LongAgo);
        return Target(num);
    }

    private async Task<OrderResult?> ResultOf(WatchTarget order) =>
        await objects.GetAsync(RunKeys.Result(Run, order.Num), OrderResult.MaxResultBytes, default) is { } content
            ? ((ResultReading.Valid)OrderResultReader.Parse(content)).Result
            : null;

    private sealed class NoWorkers : IWorkers
    {
        public int? Capacity => null;

        public ValueTask<StartOutcome> StartAsync(RunPlan plan, PlannedOrder order, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<bool> StopAsync(
            RunPlan plan, PlannedOrder order, string? executionUrl, OrderStatus status, string reason,
            CancellationToken cancellationToken) => new(false);

        public ValueTask<ExecutionState> DescribeAsync(string executionUrl, CancellationToken cancellationToken) =>
            new(ExecutionState.MayStillReport.Instance);
    }
}
