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

        // Everything that can be wrong with the job shows here, before anything is written.
        using var bundles = await bundler.PrepareAsync(submission.Job, cancellationToken);
        var standing = await store.CreateJobAsync(fresh, cancellationToken) ?? fresh;
        if (standing.Status != JobStatus.Preparing || standing.PayloadDigest != fresh.PayloadDigest)
        {
            return Answer(submission, fresh, standing);
        }

        await StartWatchdogAsync(submission.Job, standing, cancellationToken);
        await PrepareAsync(submission.Job, standing, bundles, cancellationToken);
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
            await engine.Ports.Keys.DeleteAsync(job.RunId, cancellationToken);
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

    private async ValueTask PrepareAsync(Job job, JobRecord record, IPreparedBundles bundles, CancellationToken cancellationToken)
    {
        var recipient = await engine.Ports.Keys.GetOrCreateRecipientAsync(record.RunId, cancellationToken);
        await bundles.WriteCodeAsync(objects, record.RunId, cancellationToken);
        var digests = await WriteBundlesAsync(record, bundles, recipient, cancellationToken);
        var plan = await WritePlanAsync(Planning.Plan(job, record, recipient, digests, bundles.FolderOf), cancellationToken);
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

    private async ValueTask<string[]> WriteBundlesAsync(
        JobRecord record, IPreparedBundles bundles, string recipient, CancellationToken cancellationToken)
    {
        var identity = new BundleIdentity(record.RunId, record.TraceId, record.FlowId, recipient);
        var digests = new string[record.OrderCount];
        var last = -1;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(BundlesAtOnce, digests.Length)).Select(_ => WriteNextAsync()));
        return digests;

        async Task WriteNextAsync()
        {
            try
            {
                while (Interlocked.Increment(ref last) is var i && i < digests.Length)
                {
                    digests[i] = await WriteBundleAsync(bundles, identity, OrderNum.At(i), cancellationToken);
                }
            }
            catch
            {
                // The others begin no more.
                Volatile.Write(ref last, digests.Length);
                throw;
            }
        }
    }

    /// <summary>Writes one bundle, unless an earlier submission did; the digest is that of the bundle that stands.</summary>
    private async Task<string> WriteBundleAsync(
        IPreparedBundles bundles, BundleIdentity identity, OrderNum num, CancellationToken cancellationToken)
    {
        var key = RunKeys.Bundle(identity.RunId, num);
        ReadOnlyMemory<byte> bundle = await bundles.BuildAsync(num, identity, cancellationToken);
        if (!await objects.CreateAsync(key, bundle, cancellationToken))
        {
            bundle = await objects.GetAsync(key, BundleFiles.MaxBytes, cancellationToken)
                ?? throw new StoreUnavailableException($"{key} was there and is gone; submit the job again under a new run id");
        }

        return Convert.ToHexStringLower(SHA256.HashData(bundle.Span));
    }

    private async ValueTask<RunPlan> WritePlanAsync(RunPlan plan, CancellationToken cancellationToken)
    {
        var key = RunKeys.Plan(plan.RunId);
        if (await objects.CreateAsync(key, RunPlans.Write(plan), cancellationToken))
        {
            return plan;
        }

        return await objects.GetAsync(key, RunPlans.MaxPlanBytes, cancellationToken) is { } standing
            ? RunPlans.Read(standing.Span)
            : throw new StoreUnavailableException($"{key} was there and is gone; submit the job again under a new run id");
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
