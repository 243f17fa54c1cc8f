using System.Text;
using IacCi.Core.Hosts.Local;
using IacCi.Core.Model;
using IacCi.Tests.Unit.Code;

namespace IacCi.Tests.Unit.Model;

internal sealed class OrderClaimTests
{
    private static readonly RunId Run = RunId.Parse("run-1");
    private static readonly OrderNum Num = new(1);
    private static readonly DateTimeOffset At = new(2026, 3, 1, 12, 0, 0, 125, TimeSpan.Zero);

    [Test]
    public async Task A_claim_says_who_made_it_and_when()
    {
        var worker = new OrderClaim { WorkerId = "worker-1", RunId = "run-1", OrderNum = "0001", ClaimedAt = At, Host = "host-1" };
        await Assert.That(Text(worker.ToJson())).IsEqualTo(
            """{"worker_id":"worker-1","run_id":"run-1","order_num":"0001","claimed_at":"2026-03-01T12:00:00.125+00:00","host":"host-1"}""");
        await Assert.That(OrderClaim.Parse(worker.ToJson().Span)).IsEqualTo(worker);
        await Assert.That(Text(OrderClaim.ToEnd(Run, Num, OrderClaim.Watchdog, At))).IsEqualTo(
            """{"by":"watchdog","run_id":"run-1","order_num":"0001","claimed_at":"2026-03-01T12:00:00.125+00:00"}""");
    }

    [Test]
    [Arguments("""{"worker_id":"w","run_id":"r","order_num":"0001","claimed_at":"2026-03-01T12:00:00.125Z","execution":"arn:build"}""",
        true, "arn:build")]
    [Arguments("""{"by":"orchestrate"}""", false, null)]
    [Arguments("""{"host":"boot-1"}""", false, null)]
    public async Task Claims_of_older_writers_are_read(string json, bool hasTime, string? execution)
    {
        var claim = OrderClaim.Parse(Encoding.UTF8.GetBytes(json));
        await Assert.That(claim.ClaimedAt).IsEqualTo(hasTime ? At : null);
        await Assert.That(claim.Execution).IsEqualTo(execution);
    }

    [Test]
    [Arguments("")]
    [Arguments("null")]
    [Arguments("{}")]
    [Arguments("worker 7")]
    [Arguments("""{"claimed_at":"soon"}""")]
    [Arguments("""{"claimed_at":1772366400}""")]
    public async Task A_claim_that_is_not_ours_says_nothing(string content) =>
        await Assert.That(OrderClaim.Parse(Encoding.UTF8.GetBytes(content))).IsEqualTo(new OrderClaim());

    [Test]
    public async Task A_worker_has_begun_when_it_claimed_and_who_ends_an_order_begins_nothing()
    {
        await Assert.That(new OrderClaim { WorkerId = "w", ClaimedAt = At }.WorkBegan).IsEqualTo(At);
        await Assert.That(new OrderClaim { WorkerId = "w", WrittenAt = At }.WorkBegan).IsEqualTo(At);
        await Assert.That(new OrderClaim { By = OrderClaim.Orchestrator, ClaimedAt = At, WrittenAt = At }.WorkBegan).IsNull();
    }

    [Test]
    public async Task In_a_folder_only_the_content_of_a_claim_has_a_time()
    {
        using var folder = new TempFolder();
        var objects = new FolderObjectStore(folder["objects"], _ => { });
        await Assert.That(await OrderClaim.FindAsync(objects, Run, Num, default)).IsNull();

        var claim = new OrderClaim { WorkerId = "w", ClaimedAt = At };
        await objects.CreateAsync(RunKeys.Claim(Run, Num), claim.ToJson(), default);
        File.SetLastWriteTimeUtc(objects.PathOf(RunKeys.Claim(Run, Num)), new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        await Assert.That(await OrderClaim.FindAsync(objects, Run, Num, default)).IsEqualTo(claim);
    }

    [Test]
    public async Task A_claim_that_is_too_large_is_a_claim_that_says_nothing()
    {
        using var folder = new TempFolder();
        var objects = new FolderObjectStore(folder["objects"], _ => { });
        await objects.CreateAsync(RunKeys.Claim(Run, Num), new byte[OrderClaim.MaxBytes + 1], default);
        await Assert.That(await OrderClaim.FindAsync(objects, Run, Num, default)).IsEqualTo(new OrderClaim());
    }

    private static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);
}
