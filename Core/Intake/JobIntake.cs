using System.Security.Cryptography;
using IacCi.Core.Bundles;
using IacCi.Core.Engine;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Intake;

/// <summary>
/// Takes a job in, as a saga of steps each of which can be repeated: the job's record (<c>preparing</c>), its watchdog, the run's key, the
/// bundles, the plan, the orders, the comment, <c>active</c>, the trigger. A submission of the same job under the same run id goes on where
/// an earlier one died; two at once help each other, because what is written first stands. If none comes, the job's watchdog ends the job.
/// </summary>
/// <param name="engine">The engine that the job is handed to.</param>
/// <param name="bundler">Bundles its orders.</param>
/// <param name="randomBytes">Makes random bytes.</param>
/// <param name="bundleRoot">What stands before the keys of bundles in an order's location.</param>
internal sealed class JobIntake(RunEngine engine, IBundler bundler, Func<int, byte[]> randomBytes, string bundleRoot)
{
    private readonly IRunStore store = engine.Ports.Store;
    private readonly IObjectStore objects = engine.Ports.Objects;
    private readonly TimeProvider clock = engine.Clock;

    /// <summary>How many bundles are built and written side by side.</summary>
    public const int BundlesAtOnce = 16;

    /// <summary>How long the records of orders are kept.</summary>
    public TimeSpan RecordRetention { get; init; } = Planning.DefaultRetention;

    /// <summary>Takes a job in.</summary>
    /// <param name="submission">The job.</param>
    /// <param name="cancellationToken">Ends the call early, as a crash would.</param>
    /// <exception cref="UserException">The job cannot be bundled, or its watchdog cannot be started.</exception>
    public async ValueTask<IntakeAnswer> SubmitAsync(Submission submission, CancellationToken cancellationToken)
    {
        var fresh = NewRecord(submission);
        var known = submission.RunId is { } run ? await store.FindJobAsync(run, cancellationToken) : null;
        if (known is not null && (known.Status != JobStatus.Preparing || known.PayloadDigest != fresh.PayloadDigest))
        {
            await TidyAsync(known, cancellationToken);
            return Answer(submission, fresh, known);
        }

        // Everything that can be wrong with the job shows here, before anything is written. A repetition goes on from the plan, if it
        // stands.
        var plan = known is null ? null : await FindPlanAsync(known.RunId, cancellationToken);
        using var bundles = plan is null ? await bundler.PrepareAsync(submission.Job, cancellationToken) : null;
        var standing = await store.CreateJobAsync(fresh, cancellationToken) ?? fresh;
        if (standing.Status != JobStatus.Preparing || standing.PayloadDigest != fresh.PayloadDigest)
        {
            return Answer(submission, fresh, standing);
        }

        await StartWatchdogAsync(submission.Job, standing, cancellationToken);
        plan ??= await BundleAsync(submission.Job, standing, bundles!, isRepetition: standing != fresh, cancellationToken);
        await ActivateAsync(submission.Job, plan, standing, cancellationToken);
        var now = await store.FindJobAsync(standing.RunId, cancellationToken) ?? standing;
        await TidyAsync(now, cancellationToken);
        return Answer(submission, fresh, now);
    }

    /// <summary>
    /// Finishes what earlier submissions may have left: an abandoned job that is not ended yet; and the run's key, which a submission that
    /// was slower than the whole run has made anew after the run had removed it.
    /// </summary>
    private async ValueTask TidyAsync(JobRecord job, CancellationToken cancellationToken)
    {
        if (job.Status == JobStatus.Finalizing)
        {
            await engine.Finalizer.AbandonAsync(job, FailureReason.IntakeAbandoned, cancellationToken);
        }

        if (job.Status == JobStatus.Finalizing || job.Status.IsFinal())
        {
            await engine.Ports.Keys.DeleteAsync(job.RunId, orderCount: 0, cancellationToken);
        }
    }

    private JobRecord NewRecord(Submission submission)
    {
        var now = clock.GetUtcNow();
        var trace = submission.TraceId ?? TraceId.New(randomBytes);
        return new JobRecord
        {
            RunId = submission.RunId ?? RunId.New(randomBytes),
            TraceId = trace,
            FlowId = trace.FlowId(submission.Job.Username ?? submission.DefaultUsername, submission.Job.FlowLabel),
            OrderCount = submission.Job.Orders.Count,
            PayloadDigest = submission.PayloadDigest,
            CreatedAt = now,
            LastUpdate = now,
            Deadline = now + TimeSpan.FromSeconds(submission.Job.JobTimeout),
            Title = submission.Title,
        };
    }

    private static IntakeAnswer Answer(Submission submission, JobRecord fresh, JobRecord standing) =>
        standing.PayloadDigest == fresh.PayloadDigest
            ? new IntakeAnswer.Accepted(standing, Planning.SearchTag(submission.Job, standing.TraceId))
            : new IntakeAnswer.Conflict(standing.RunId);

    private async ValueTask StartWatchdogAsync(Job job, JobRecord record, CancellationToken cancellationToken)
    {
        var watch = new WatchTarget(record.RunId, OrderNum.Job, job.JobTimeout, record.CreatedAt, 0, 0);
        switch (await engine.Ports.Watchdogs.StartAsync(watch, cancellationToken))
        {
            case StartOutcome.Refused refused:
                await engine.Finalizer.AbandonAsync(record, $"{FailureReason.StartRefused}: watchdog: {refused.Reason}", cancellationToken);
                throw new UserException($"run {record.RunId}: the watchdog of the job cannot be started: {refused.Reason}", ExitCode.Fault);
            case StartOutcome.Unknown unknown:
                throw new StoreUnavailableException(
                    $"run {record.RunId}: the watchdog of the job did not start: {unknown.Reason}; submit the job again under this run id");
        }
    }

    /// <summary>Writes the code, the bundles, and then the plan, which says that all of them stand.</summary>
    private async ValueTask<RunPlan> BundleAsync(
        Job job, JobRecord record, IPreparedBundles bundles, bool isRepetition, CancellationToken cancellationToken)
    {
        var recipients = await engine.Ports.Keys.GetOrCreateAsync(record.RunId, cancellationToken);
        await bundles.WriteCodeAsync(objects, record.RunId, cancellationToken);
        var bundled = new BundledOrder[record.OrderCount];
        await ForEachOrderAsync(bundled.Length, async num =>
        {
            var identity = new BundleIdentity(record.RunId, record.TraceId, record.FlowId, recipients.Of(num));
            var digest = await WriteBundleAsync(bundles, identity, num, isRepetition, cancellationToken);
            bundled[num.Index] = new BundledOrder(digest, identity.Recipient, bundles.CodeSha256Of(num), bundles.FolderOf(num));
        });
        return await WritePlanAsync(Planning.Plan(job, record, bundled), cancellationToken);
    }

    private async ValueTask ActivateAsync(Job job, RunPlan plan, JobRecord record, CancellationToken cancellationToken)
    {
        await AddOrdersAsync(job, plan, record, cancellationToken);
        if (plan.Report is not null && await engine.Ports.Reporter.AnnounceAsync(plan, cancellationToken) is { } comment)
        {
            await store.SetCommentAsync(record.RunId, comment, cancellationToken);
        }

        var initial = new RunLock
        {
            RunId = record.RunId,
            TraceId = record.TraceId,
            FlowId = record.FlowId,
            Checkpoint = RunCheckpoint.Fresh(record.OrderCount),
            Deadline = record.Deadline,
        };
        if (await store.ActivateAsync(initial, clock.GetUtcNow(), cancellationToken))
        {
            await objects.PutAsync(RunKeys.Result(record.RunId, OrderNum.Job), Trigger.Content("intake"), cancellationToken);
        }
    }

    /// <summary>Does something for each order, several at once. When one fails, no more begin.</summary>
    private static async Task ForEachOrderAsync(int count, Func<OrderNum, Task> act)
    {
        var last = -1;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(BundlesAtOnce, count)).Select(_ => NextAsync()));

        async Task NextAsync()
        {
            try
            {
                while (Interlocked.Increment(ref last) is var i && i < count)
                {
                    await act(OrderNum.At(i));
                }
            }
            catch
            {
                Volatile.Write(ref last, count);
                throw;
            }
        }
    }

    /// <summary>
    /// Writes one bundle, unless an earlier submission did; a repetition looks before it builds. The digest is that of the bundle that
    /// stands.
    /// </summary>
    private async Task<string> WriteBundleAsync(
        IPreparedBundles bundles, BundleIdentity identity, OrderNum num, bool isRepetition, CancellationToken cancellationToken)
    {
        var key = RunKeys.Bundle(identity.RunId, num);
        var standing = isRepetition ? await objects.GetAsync(key, BundleFiles.MaxBytes, cancellationToken) : null;
        if (standing is null)
        {
            ReadOnlyMemory<byte> built = await bundles.BuildAsync(num, identity, cancellationToken);
            standing = await objects.CreateAsync(key, built, cancellationToken)
                ? built
                : await objects.GetAsync(key, BundleFiles.MaxBytes, cancellationToken);
        }

        return standing is { } bundle ? Convert.ToHexStringLower(SHA256.HashData(bundle.Span)) : throw Gone(key);
    }

    private async ValueTask<RunPlan?> FindPlanAsync(RunId run, CancellationToken cancellationToken) =>
        await objects.GetAsync(RunKeys.Plan(run), RunPlans.MaxPlanBytes, cancellationToken) is { } plan ? RunPlans.Read(plan.Span) : null;

    private static StoreUnavailableException Gone(string key) =>
        new($"{key} was there and is gone; submit the job again under a new run id");

    private async ValueTask<RunPlan> WritePlanAsync(RunPlan plan, CancellationToken cancellationToken)
    {
        var key = RunKeys.Plan(plan.RunId);
        return await objects.CreateAsync(key, RunPlans.Write(plan), cancellationToken)
            ? plan
            : await FindPlanAsync(plan.RunId, cancellationToken) ?? throw Gone(key);
    }

    private async ValueTask AddOrdersAsync(Job job, RunPlan plan, JobRecord record, CancellationToken cancellationToken)
    {
        List<OrderRecord> chunk = [];
        var size = 0;
        foreach (var planned in plan.Orders)
        {
            var order = Planning.Record(job, plan, planned, record, bundleRoot, RecordRetention);
            var weight = Planning.WeightOf(order);
            if (chunk.Count == IRunStore.MaxWrites || (chunk.Count > 0 && size + weight > IRunStore.MaxBytes))
            {
                await store.AddOrdersAsync(chunk, cancellationToken);
                (chunk, size) = ([], 0);
            }

            chunk.Add(order);
            size += weight;
        }

        await store.AddOrdersAsync(chunk, cancellationToken);
    }
}
