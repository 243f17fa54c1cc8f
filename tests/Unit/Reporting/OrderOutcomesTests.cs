using CsCheck;
using IacCi.Core.Engine;
using IacCi.Core.Model;
using IacCi.Core.Reporting;

namespace IacCi.Tests.Unit.Reporting;

internal sealed class OrderOutcomesTests
{
    private static readonly DateTimeOffset At = Runs.Start;

    [Test]
    public async Task What_was_applied_is_shown()
    {
        var state = OrderOutcomes.Empty.With([Change(1, OrderAction.Dispatch), Change(2, OrderAction.Start)]);
        state = state.With([Change(1, OrderAction.Start)]).With(
            [Change(1, OrderAction.Fail) with { ExitCode = 2, FailureReason = "command_failed", LogTail = "\u001b[31mno\u001b[0m",
                StartedAt = At.AddSeconds(1), FinishedAt = At.AddSeconds(5) }]);
        var shown = Show(state, 1, OrderStatus.Failed);
        await Assert.That(shown.StartedAt).IsEqualTo(At.AddSeconds(1));
        await Assert.That(shown.FinishedAt).IsEqualTo(At.AddSeconds(5));
        await Assert.That(shown.ExitCode).IsEqualTo(2);
        await Assert.That(shown.FailureReason).IsEqualTo("command_failed");
        await Assert.That(shown.LogTail).IsEqualTo("no");
        await Assert.That(Show(state, 2, OrderStatus.Running).StartedAt).IsEqualTo(At);
        await Assert.That(Show(state, 3, OrderStatus.Queued)).IsEqualTo(new OrderReport(Runs.Plan(3, "x"), OrderStatus.Queued));
    }

    [Test]
    public async Task The_first_end_stands_and_a_repetition_changes_nothing()
    {
        var state = OrderOutcomes.Empty.With([Change(1, OrderAction.TimeOut)]);
        var later = state.With([Change(1, OrderAction.Succeed) with { LogTail = "late" }, Change(1, OrderAction.Start)]);
        await Assert.That(later.ToJson()).IsEquivalentTo(state.ToJson());
    }

    [Test]
    public async Task It_survives_being_kept()
    {
        var state = OrderOutcomes.Empty.With(
            [Change(1, OrderAction.Fail) with { ExitCode = 1, LogTail = "größe \"x\" 🚀\n`" },
                Change(2, OrderAction.Succeed) with { LogTail = "y" }]);
        var json = state.ToJson();
        await Assert.That(OrderOutcomes.FromJson(json).ToJson()).IsEquivalentTo(json);
        await Assert.That(Show(OrderOutcomes.FromJson(json), 1, OrderStatus.Failed).LogTail).IsEqualTo("größe \"x\" 🚀\n`");
    }

    [Test]
    [Arguments("")]
    [Arguments("null")]
    [Arguments("{}")]
    [Arguments("[1]")]
    [Arguments("""{"orders":[{"n":1},{"n":1}],"failed":[],"succeeded":[]}""")]
    [Arguments("""{"orders":[{"n":1,"f":99999999999999999}],"failed":[],"succeeded":[]}""")]
    [Arguments("""{"orders":[null],"failed":[null],"succeeded":[]}""")]
    public async Task What_cannot_be_read_counts_as_lost(string json) =>
        await Assert.That(OrderOutcomes.FromJson(System.Text.Encoding.UTF8.GetBytes(json)).ToJson())
            .IsEquivalentTo(OrderOutcomes.Empty.ToJson());

    [Test]
    public async Task It_says_what_it_has_missed_and_heals_from_the_records()
    {
        var state = OrderOutcomes.Empty.With([Change(2, OrderAction.Succeed)]);
        var checkpoint = new RunCheckpoint("fsrq");
        await Assert.That(state.Missing(checkpoint)).IsEquivalentTo([new OrderNum(1), new OrderNum(3)]);
        var healed = state.With(
            [Record(1) with { Status = OrderStatus.Failed, FinishedAt = At, LogTail = "why" },
                Record(3) with { Status = OrderStatus.Running }]);
        await Assert.That(healed.Missing(checkpoint)).IsEmpty();
        await Assert.That(Show(healed, 1, OrderStatus.Failed).LogTail).IsEqualTo("why");
        await Assert.That(OrderOutcomes.Empty.Missing(new RunCheckpoint(new string('s', 9_999))).Count).IsEqualTo(IRunStore.MaxWrites);
    }

    private static ResourceCounts Most =>
        new(ResourceCounts.MaxCount, ResourceCounts.MaxCount, ResourceCounts.MaxCount, ResourceCounts.MaxCount);

    [Test]
    [Category("Slow")]
    [Arguments("x")]
    [Arguments("\"\\鍵")]
    [Arguments("🚀")]
    public async Task Its_size_is_bounded_however_the_worst_job_ends(string letter)
    {
        var log = string.Concat(Enumerable.Repeat(letter, 4_096 / letter.Length));
        var state = OrderOutcomes.Empty;
        foreach (var chunk in Enumerable.Range(1, OrderNum.MaxOrders).Chunk(IRunStore.MaxWrites))
        {
            state = state.With(chunk.Select(n => Change(n, n % 2 == 0 ? OrderAction.Fail : OrderAction.Succeed) with
            {
                ExitCode = int.MinValue,
                FailureReason = n % 3 == 0 ? log : "some_word_of_24_letters_: " + log,
                LogTail = n is <= 600 or > 9_400 ? log : letter,
                StartedAt = DateTimeOffset.MaxValue,
                FinishedAt = DateTimeOffset.MaxValue,
                Terraform = new TerraformSums(Most, Most),
            }));
        }

        await Assert.That(state.ToJson().Length).IsLessThanOrEqualTo(OrderOutcomes.MaxBytes);
        await Assert.That(Show(state, 2, OrderStatus.Failed).LogTail!.Length).IsGreaterThanOrEqualTo(498);
        await Assert.That(Show(state, 9_999, OrderStatus.Succeeded).LogTail).IsNull();
        await Assert.That(Show(state, 9_998, OrderStatus.Failed).FailureReason).IsEqualTo("some_word_of_24_letters_");
        await Assert.That(Show(OrderOutcomes.FromJson(state.ToJson()), 9_999, OrderStatus.Succeeded).Terraform)
            .IsEqualTo(new TerraformSums(Most, Most));
    }

    [Test]
    public async Task The_latest_outputs_of_what_succeeded_are_kept_and_give_way_to_failures()
    {
        var log = new string('x', 4_000);
        var state = OrderOutcomes.Empty.With(Enumerable.Range(1, 200).Select(n => Change(n, OrderAction.Succeed) with { LogTail = log }));
        await Assert.That(Show(state, 1, OrderStatus.Succeeded).LogTail).IsNull();
        await Assert.That(Show(state, 200, OrderStatus.Succeeded).LogTail).IsNotNull();
        state = state.With(Enumerable.Range(201, 16).Select(n => Change(n, OrderAction.Fail) with { LogTail = log }));
        await Assert.That(Show(state, 201, OrderStatus.Failed).LogTail!.Length).IsEqualTo(4_000);
        await Assert.That(Enumerable.Range(1, 200).Count(n => Show(state, n, OrderStatus.Succeeded).LogTail is not null)).IsLessThan(4);
    }

    [Test]
    public async Task A_run_told_from_the_cursor_reads_as_one_told_from_its_records()
    {
        var plan = new RunPlan
        {
            RunId = Runs.Id,
            TraceId = TraceId.Parse("a3f7b2c1"),
            FlowId = "alice:a3f7b2c1-network",
            CreatedAt = At,
            Orders = [Runs.Plan(1, "vpc"), Runs.Plan(2, "dns") with { Dependencies = [new OrderNum(1)] }],
        };
        var job = new JobRecord
        {
            RunId = plan.RunId,
            TraceId = plan.TraceId,
            FlowId = plan.FlowId,
            Status = JobStatus.Active,
            OrderCount = 2,
            PayloadDigest = "d",
            CreatedAt = At,
            LastUpdate = At,
            Deadline = At.AddHours(1),
        };
        var state = OrderOutcomes.Empty.With(
            [Change(1, OrderAction.Succeed) with { ExitCode = 0, LogTail = "ok", StartedAt = At, FinishedAt = At.AddSeconds(2) }]);
        var told = RunReport.From(new RunProgress(plan, new RunCheckpoint("sq"), [], null, At), state, isLocal: false);
        var read = RunReport.From(
            plan, job,
            [Record(1) with { Status = OrderStatus.Succeeded, ExitCode = 0, LogTail = "ok", StartedAt = At,
                FinishedAt = At.AddSeconds(2) }],
            isLocal: false);
        await Assert.That(CommentText.Render(told)).IsEqualTo(CommentText.Render(read));
    }

    private static OrderReport Show(OrderOutcomes state, int num, OrderStatus status) => state.Show(Runs.Plan(num, "x"), status);

    private static OrderChange Change(int num, OrderAction action) =>
        new() { Num = new OrderNum(num), Name = $"o{num}", Action = action, At = At };

    private static OrderRecord Record(int num) => new()
    {
        RunId = Runs.Id,
        Num = new OrderNum(num),
        TraceId = TraceId.Parse("a3f7b2c1"),
        FlowId = "f",
        Name = "x",
        Commands = [],
        BundleLocation = "b",
        CallbackKey = "c",
        TimeoutSeconds = 1,
        CreatedAt = At,
        LastUpdate = At,
        ExpiresAt = At,
    };
}
