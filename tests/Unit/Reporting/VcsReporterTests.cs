using IacCi.Core.Engine;
using IacCi.Core.Model;
using IacCi.Core.Reporting;
using static IacCi.Tests.EndToEnd.GitHub.FakeGitHub;

namespace IacCi.Tests.Unit.Reporting;

/// <summary>What people see of a run, and what it costs, pass by pass.</summary>
internal sealed class VcsReporterTests
{
    [Test]
    public async Task One_comment_lives_from_the_announcement_to_the_end()
    {
        await using var lab = await ReporterFixture.StartAsync(3);
        var id = await lab.AnnounceAsync();
        await Assert.That(lab.GitHub.Comments.Single().Body).Contains("is being prepared").And.EndsWith(
            $"<sub>`###iac-ci-a3f7b2c1### #{Runs.Id} #alice:a3f7b2c1-network`</sub>");
        await Assert.That(lab.GitHub.Comments.Single().Id.ToString()).IsEqualTo(id);

        lab.Time.Advance(TimeSpan.FromSeconds(30));
        await lab.PassAsync(1);
        await Assert.That(lab.GitHub.Comments.Single().Body).Contains("**1** of 3 orders done").And.Contains("output 1");
        await Assert.That(lab.DueAt).IsNull();

        lab.Restart();
        await lab.FinishAsync(2, 3);
        await Assert.That(lab.GitHub.Comments.Single().Body)
            .Contains("<code>network</code> succeeded").And.Contains("output 1").And.Contains("output 3");
        await Assert.That(lab.GitHub.Comments.Single().Id.ToString()).IsEqualTo(id);
        await Assert.That(lab.GitHub.Statuses.Select(s => s.Split(' ')[2])).IsEquivalentTo(["pending", "success"]);
        await Assert.That(lab.Log).IsEmpty();
    }

    [Test]
    public async Task News_that_come_too_early_are_told_when_they_are_due_though_no_news_come_any_more()
    {
        await using var lab = await ReporterFixture.StartAsync(3);
        await lab.AnnounceAsync();
        await lab.PassAsync(1);
        var due = lab.DueAt!.Value;
        await Assert.That(due).IsEqualTo(Runs.Start + ReportPolicy.MinInterval);
        await lab.PassAsync(2);
        await Assert.That(lab.DueAt).IsEqualTo(due);
        await Assert.That(lab.GitHub.Comments.Single().Body).Contains("**0** of 3");

        lab.Time.SetUtcNow(due);
        await lab.PassAsync();
        await Assert.That(lab.GitHub.Comments.Single().Body).Contains("**2** of 3").And.Contains("output 1").And.Contains("output 2");
        await Assert.That(lab.DueAt).IsNull();
    }

    [Test]
    public async Task The_jobs_watchdog_wakes_for_news_that_are_due_and_only_then()
    {
        await using var lab = await ReporterFixture.StartAsync(1);
        var graph = new RunGraph(lab.Plan);
        var held = new RunLock
        {
            RunId = lab.Plan.RunId,
            TraceId = lab.Plan.TraceId,
            FlowId = lab.Plan.FlowId,
            Checkpoint = new RunCheckpoint("r", null, Runs.Start.AddSeconds(10)),
            Deadline = Runs.Start.AddHours(1),
        };
        await Assert.That(await NeedsWakeAsync(held, 9)).IsFalse();
        await Assert.That(await NeedsWakeAsync(held, 10)).IsTrue();
        await Assert.That(await NeedsWakeAsync(held with { Checkpoint = new RunCheckpoint("r") }, 10)).IsFalse();

        async Task<bool> NeedsWakeAsync(RunLock now, int seconds)
        {
            var at = Runs.Start.AddSeconds(seconds);
            return (await RunBacklog.ReadAsync(lab.Kept, graph, now, capacity: null, at, default)).NeedsWake(now, at);
        }
    }

    [Test]
    public async Task A_pass_without_news_asks_nobody_anything()
    {
        await using var lab = await ReporterFixture.StartAsync(3);
        await lab.AnnounceAsync();
        var (calls, requests) = (lab.Kept.Calls, lab.GitHub.Requests.Count);
        lab.Time.Advance(TimeSpan.FromMinutes(5));
        await lab.PassAsync();
        await Assert.That((lab.Kept.Calls, lab.GitHub.Requests.Count)).IsEqualTo((calls, requests));
    }

    [Test]
    [Arguments(500)]
    [Arguments(2_000)]
    public async Task A_burst_of_orders_leads_to_few_updates_and_few_calls(int orders)
    {
        await using var lab = await ReporterFixture.StartAsync(orders);
        await lab.AnnounceAsync();
        for (var num = 1; num < orders; num++)
        {
            lab.Time.Advance(TimeSpan.FromMilliseconds(50));
            await lab.PassAsync(num);
        }

        await lab.FinishAsync(orders);
        var seconds = orders * 0.05;
        var updates = lab.GitHub.Requests.Count(r => r.StartsWith("PATCH", StringComparison.Ordinal));
        await Assert.That(updates).IsLessThanOrEqualTo((int)(seconds / 10) + 1).And.IsGreaterThanOrEqualTo(2);
        await Assert.That(lab.Kept.Calls).IsLessThanOrEqualTo((3 * updates) + 3);
        await Assert.That(lab.RecordCalls).IsLessThanOrEqualTo((orders / IRunStore.MaxWrites) + updates + 1);
        await Assert.That(lab.GitHub.Comments.Single().Body).Contains($"{orders:N0}** of {orders:N0} orders done");
        await Assert.That(lab.GitHub.Statuses.Count).IsEqualTo(2);
    }

    [Test]
    public async Task GitHub_is_down_at_first_and_catches_up_later()
    {
        await using var lab = await ReporterFixture.StartAsync(2);
        lab.GitHub.Interfere(Enumerable.Repeat(new Interference(502, null), 40));
        await Assert.That(await lab.AnnounceAsync()).IsNull();
        await lab.PassAsync(1);
        await Assert.That(lab.GitHub.Comments).IsEmpty();
        await Assert.That(lab.Log).IsNotEmpty();
        await Assert.That(lab.DueAt!.Value).IsGreaterThan(lab.Time.GetUtcNow()).And.IsLessThanOrEqualTo(
            lab.Time.GetUtcNow() + VcsReporter.RetryInterval);

        lab.GitHub.Restore();
        lab.Time.SetUtcNow(lab.DueAt!.Value);
        await lab.PassAsync();
        await Assert.That(lab.GitHub.Comments.Single().Body).Contains("**1** of 2 orders done");
        await Assert.That(lab.GitHub.Statuses.Single()).Contains("pending");
        await lab.FinishAsync(2);
        await Assert.That(lab.GitHub.Comments.Single().Body).Contains("succeeded");
    }

    [Test]
    public async Task A_GitHub_that_does_not_answer_takes_a_bounded_time()
    {
        await using var lab = await ReporterFixture.StartAsync(2);
        lab.GitHub.Hang = true;
        var before = lab.Time.GetUtcNow();
        await Assert.That(await lab.AnnounceAsync()).IsNull();
        await Assert.That(lab.Time.GetUtcNow() - before).IsLessThanOrEqualTo(VcsReporter.AnnounceBudget + TimeSpan.FromSeconds(1));
        before = lab.Time.GetUtcNow();
        await lab.PassAsync(1);
        await Assert.That(lab.Time.GetUtcNow() - before).IsLessThanOrEqualTo(VcsReporter.UpdateBudget + TimeSpan.FromSeconds(1));
        before = lab.Time.GetUtcNow();
        await lab.FinishAsync(2);
        await Assert.That(lab.Time.GetUtcNow() - before).IsLessThanOrEqualTo(VcsReporter.FinalBudget + TimeSpan.FromSeconds(1));
        await Assert.That(string.Join('\n', lab.Log)).Contains("could not be told within");
        lab.GitHub.Hang = false;
    }

    [Test]
    public async Task A_comment_that_somebody_deleted_is_written_anew()
    {
        await using var lab = await ReporterFixture.StartAsync(2);
        await lab.AnnounceAsync();
        lab.GitHub.Delete(lab.GitHub.Comments.Single().Id);
        lab.Time.Advance(TimeSpan.FromMinutes(1));
        await lab.PassAsync(1);
        await Assert.That(lab.GitHub.Comments.Single().Body).Contains("**1** of 2 orders done");
        lab.Time.Advance(TimeSpan.FromMinutes(1));
        await lab.FinishAsync(2);
        await Assert.That(lab.GitHub.Comments.Single().Body).Contains("succeeded");
    }

    [Test]
    public async Task What_was_remembered_may_be_lost()
    {
        await using var lab = await ReporterFixture.StartAsync(3);
        var id = await lab.AnnounceAsync();
        lab.Time.Advance(TimeSpan.FromMinutes(1));
        await lab.PassAsync(1);
        lab.Kept.Clear();
        lab.Time.Advance(TimeSpan.FromMinutes(1));
        await lab.PassAsync(2);
        await Assert.That(lab.GitHub.Comments.Single().Id.ToString()).IsEqualTo(id);
        await Assert.That(lab.GitHub.Comments.Single().Body).Contains("output 1").And.Contains("output 2");
    }

    [Test]
    public async Task A_token_that_is_refused_is_read_anew_and_nobody_is_asked_in_between()
    {
        await using var lab = await ReporterFixture.StartAsync(3);
        lab.Token = "ghp_old";
        await Assert.That(await lab.AnnounceAsync()).IsNull();
        await lab.PassAsync(1);
        await Assert.That(lab.DueAt).IsEqualTo(lab.Time.GetUtcNow() + VcsReporter.RefusedInterval);
        await Assert.That(string.Join('\n', lab.Log)).Contains("env:TOKEN").And.DoesNotContain("ghp_old");
        lab.Token = Token;
        lab.Time.SetUtcNow(lab.DueAt!.Value);
        await lab.PassAsync(2);
        await Assert.That(lab.GitHub.Comments.Single().Body).Contains("**2** of 3 orders done");
    }

    [Test]
    public async Task Without_a_target_nothing_is_asked()
    {
        await using var lab = await ReporterFixture.StartAsync(1);
        var plan = lab.Plan with { Report = null };
        await Assert.That(await lab.Reporter.AnnounceAsync(plan, default)).IsNull();
        await Assert.That(await lab.Reporter.UpdateAsync(new(plan, new RunCheckpoint("s"), [], JobStatus.Succeeded, Runs.Start), default))
            .IsNull();
        await Assert.That((lab.Kept.Calls, lab.GitHub.Requests.Count)).IsEqualTo((0, 0));
    }
}
