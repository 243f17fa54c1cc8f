using IacCi.Core.Model;
using static IacCi.Tests.Contract.Samples;

namespace IacCi.Tests.Contract;

/// <summary>Jobs: created once, activated once, ended once, listed.</summary>
internal abstract partial class RunStoreContract
{
    [Test]
    public async Task A_job_is_created_once_and_read_back_whole()
    {
        var store = await CreateStoreAsync();
        var run = NewRun();
        await Assert.That(await store.FindJobAsync(run, None)).IsNull();
        await Assert.That(await store.CreateJobAsync(Job(run), None)).IsNull();
        await Assert.That(await store.FindJobAsync(run, None)).IsEqualTo(Job(run));
    }

    [Test]
    public async Task A_second_job_of_the_run_is_refused_with_the_first_and_changes_nothing()
    {
        var store = await CreateStoreAsync();
        var run = NewRun();
        await store.CreateJobAsync(Job(run), None);
        var other = Job(run, 7, T0.AddDays(1)) with { PayloadDigest = new string('c', 64) };
        await Assert.That(await store.CreateJobAsync(other, None)).IsEqualTo(Job(run));
        await Assert.That(await store.FindJobAsync(run, None)).IsEqualTo(Job(run));
    }

    [Test]
    public async Task Of_many_who_create_one_job_at_once_exactly_one_wins()
    {
        var store = await CreateStoreAsync();
        var run = NewRun();
        var answers = await AtOnce(8, i => store.CreateJobAsync(Job(run) with { Title = Text(i) }, None));
        await Assert.That(answers.Count(answer => answer is null)).IsEqualTo(1);
        var winner = await store.FindJobAsync(run, None);
        await Assert.That(winner!.Title).IsEqualTo(Text(Array.FindIndex(answers, answer => answer is null)));
        await Assert.That(answers.Where(answer => answer is not null).All(answer => answer == winner)).IsTrue();
    }

    [Test]
    public async Task A_job_without_its_optional_members_is_read_back_without_them()
    {
        var store = await CreateStoreAsync();
        var job = Job(NewRun()) with { Title = null };
        await store.CreateJobAsync(job, None);
        await Assert.That(await store.FindJobAsync(job.RunId, None)).IsEqualTo(job);
    }

    [Test]
    public async Task Runs_whose_ids_differ_in_case_only_are_two_runs()
    {
        var store = await CreateStoreAsync();
        var lower = Job(RunId.Parse("run-900001_a"), 1) with { TraceId = TraceId.Parse("00000001") };
        var upper = Job(RunId.Parse("run-900001_A"), 2) with { TraceId = TraceId.Parse("00000002") };
        await Assert.That(await store.CreateJobAsync(lower with { FlowId = "f" }, None)).IsNull();
        await Assert.That(await store.CreateJobAsync(upper with { FlowId = "f" }, None)).IsNull();
        await Assert.That((await store.FindJobAsync(lower.RunId, None))!.OrderCount).IsEqualTo(1);
    }

    [Test]
    public async Task Activation_writes_status_lock_and_event_together()
    {
        var store = await CreateStoreAsync();
        var run = await JobOf(store, 3);
        await Assert.That(await store.ActivateAsync(Lock(run), T0.AddSeconds(5), None)).IsTrue();
        await Assert.That(await store.FindJobAsync(run, None)).IsEqualTo(
            Job(run) with { Status = JobStatus.Active, LastUpdate = T0.AddSeconds(5) });
        await Same(await store.FindLockAsync(run, None), Lock(run));
        var only = (await EventsOf(store, run)).Single();
        await Assert.That(only).IsEqualTo(
            RunEvents.OfJob(run, TraceOf(run), FlowOf(run), RunEvents.JobStarted, JobStatus.Active, T0.AddSeconds(5)));
    }

    [Test]
    public async Task Activation_happens_once_and_never_touches_a_lock_again()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.AddToInboxAsync(run, Nums(2), None);
        await Assert.That(await store.ActivateAsync(Lock(run), T0.AddSeconds(9), None)).IsFalse();
        await Assert.That((await store.FindLockAsync(run, None))!.Inbox.Count).IsEqualTo(1);
        await Assert.That((await EventsOf(store, run)).Count).IsEqualTo(1);
    }

    [Test]
    public async Task A_job_that_is_being_ended_is_not_activated()
    {
        var store = await CreateStoreAsync();
        var run = await JobOf(store, 3);
        await store.AdvanceJobAsync(run, JobStep(JobStatus.Preparing, JobStatus.Finalizing) with { Outcome = JobStatus.Failed }, None);
        await Assert.That(await store.ActivateAsync(Lock(run), T0, None)).IsFalse();
        await Assert.That(await store.FindLockAsync(run, None)).IsNull();
    }

    [Test]
    public async Task A_run_that_is_not_there_is_neither_activated_nor_advanced()
    {
        var store = await CreateStoreAsync();
        var run = NewRun();
        await Assert.That(await store.ActivateAsync(Lock(run), T0, None)).IsFalse();
        await Assert.That(await store.AdvanceJobAsync(run, JobStep(JobStatus.Active, JobStatus.Finalizing), None)).IsFalse();
        await Assert.That(await store.FindJobAsync(run, None)).IsNull();
        await Assert.That(await store.FindLockAsync(run, None)).IsNull();
    }

    [Test]
    public async Task A_jobs_step_writes_what_it_names_and_keeps_the_rest()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.SetCommentAsync(run, "comment-7", None);
        var choose = JobStep(JobStatus.Active, JobStatus.Finalizing) with { Outcome = JobStatus.TimedOut, FailureReason = "job_timeout" };
        await Assert.That(await store.AdvanceJobAsync(run, choose, None)).IsTrue();
        var finish = JobStep(JobStatus.Finalizing, JobStatus.TimedOut) with { At = T0.AddSeconds(8), EventType = RunEvents.JobCompleted };
        await Assert.That(await store.AdvanceJobAsync(run, finish, None)).IsTrue();
        await Assert.That(await store.FindJobAsync(run, None)).IsEqualTo(Job(run) with
        {
            Status = JobStatus.TimedOut,
            Outcome = JobStatus.TimedOut,
            FailureReason = "job_timeout",
            CommentId = "comment-7",
            LastUpdate = T0.AddSeconds(8),
            FinishedAt = T0.AddSeconds(8),
        });
        var last = (await EventsOf(store, run))[^1];
        await Assert.That(last).IsEqualTo(
            RunEvents.OfJob(run, TraceOf(run), FlowOf(run), RunEvents.JobCompleted, JobStatus.TimedOut, T0.AddSeconds(8)));
    }

    [Test]
    public async Task A_jobs_step_from_another_status_is_refused_without_an_event()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        var before = await store.FindJobAsync(run, None);
        var step = JobStep(JobStatus.Finalizing, JobStatus.Failed) with { EventType = RunEvents.JobCompleted };
        await Assert.That(await store.AdvanceJobAsync(run, step, None)).IsFalse();
        await Assert.That(await store.FindJobAsync(run, None)).IsEqualTo(before);
        await Assert.That((await EventsOf(store, run)).Count).IsEqualTo(1);
    }

    [Test]
    [MethodDataSource(nameof(IllegalJobSteps))]
    public async Task A_jobs_step_that_the_table_does_not_have_is_a_bug_and_writes_nothing(JobStatus from, JobStatus to)
    {
        var store = await CreateStoreAsync();
        var run = await JobOf(store, 3);
        await Assert.That(async () => await store.AdvanceJobAsync(run, JobStep(from, to), None)).Throws<ArgumentException>();
        await Assert.That(await store.FindJobAsync(run, None)).IsEqualTo(Job(run));
    }

    [Test]
    public async Task Of_many_who_choose_the_outcome_exactly_one_does()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        var answers = await AtOnce(6, i => store.AdvanceJobAsync(
            run, JobStep(JobStatus.Active, JobStatus.Finalizing) with { Outcome = i % 2 == 0 ? JobStatus.Failed : JobStatus.Succeeded },
            None));
        await Assert.That(answers.Count(won => won)).IsEqualTo(1);
        var chosen = Array.IndexOf(answers, true) % 2 == 0 ? JobStatus.Failed : JobStatus.Succeeded;
        await Assert.That((await store.FindJobAsync(run, None))!.Outcome).IsEqualTo(chosen);
    }

    [Test]
    public async Task The_comment_is_remembered_and_replaced_and_nothing_else_changes()
    {
        var store = await CreateStoreAsync();
        var run = await JobOf(store, 3);
        await store.SetCommentAsync(run, "1", None);
        await store.SetCommentAsync(run, "2", None);
        await Assert.That((await store.FindJobAsync(run, None))! with { LastUpdate = T0 }).IsEqualTo(Job(run) with { CommentId = "2" });
    }

    [Test]
    public async Task Jobs_are_listed_newest_first_and_no_more_than_asked_for()
    {
        var store = await CreateStoreAsync();
        int[] hours = [3, 1, 5, 2, 4];
        foreach (var hour in hours)
        {
            var run = NewRun();
            await store.CreateJobAsync(Job(run, 2, T0.AddHours(hour)) with { Title = Text(hour) }, None);
            await store.AddOrdersAsync([Order(run, 1), Order(run, 2)], None);
            await store.ActivateAsync(Lock(run, 2), T0.AddHours(hour), None);
        }

        await Assert.That((await store.ListJobsAsync(3, None)).Select(job => job.Title).SequenceEqual(["5", "4", "3"])).IsTrue();
        await Assert.That((await store.ListJobsAsync(100, None)).Count).IsEqualTo(5);
    }
}
