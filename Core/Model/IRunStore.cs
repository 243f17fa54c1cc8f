namespace IacCi.Core.Model;

/// <summary>
/// The durable records of runs: jobs, orders, events and locks. Each method that writes is one atomic, durable write: when
/// it returns, the write has survived any crash; when it throws, it may or may not have happened, and calling it
/// again is safe, because each write is conditional on what it changes. Reads are strongly consistent.
/// </summary>
/// <exception cref="Text.StoreUnavailableException">Any method, when the store does not answer or is throttled for longer than it
/// retries.</exception>
internal interface IRunStore
{
    /// <summary>
    /// The most records that <see cref="AddOrdersAsync"/> and the most writes that <see cref="AdvanceAsync"/> take at once.
    /// </summary>
    const int MaxWrites = 100;

    /// <summary>The most bytes that <see cref="AddOrdersAsync"/> takes at once.</summary>
    const int MaxBytes = 3_000_000;

    /// <summary>Writes the job's record if the run has none.</summary>
    /// <returns>Null when it was written; the record that stood there otherwise.</returns>
    ValueTask<JobRecord?> CreateJobAsync(JobRecord job, CancellationToken cancellationToken);

    /// <summary>The job's record, or null.</summary>
    ValueTask<JobRecord?> FindJobAsync(RunId run, CancellationToken cancellationToken);

    /// <summary>Writes the records of orders, all or (when the first of them has a record already) none.</summary>
    /// <returns>False when they stood there already.</returns>
    ValueTask<bool> AddOrdersAsync(IReadOnlyList<OrderRecord> orders, CancellationToken cancellationToken);

    /// <summary>
    /// Makes a prepared job active: its record from <c>preparing</c> to <c>active</c>, its lock item, and the event <c>job_started</c>.
    /// </summary>
    /// <returns>False when the job is not <c>preparing</c> (any more).</returns>
    ValueTask<bool> ActivateAsync(RunLock initial, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>Applies a job's step.</summary>
    /// <returns>False when the job is not in the status the step starts from.</returns>
    ValueTask<bool> AdvanceJobAsync(RunId run, JobChange change, CancellationToken cancellationToken);

    /// <summary>Remembers the comment of the run in the job's record.</summary>
    ValueTask SetCommentAsync(RunId run, string commentId, CancellationToken cancellationToken);

    /// <summary>Applies steps of orders of one run, all or none. The same order may not occur twice.</summary>
    ValueTask<AdvanceOutcome> AdvanceAsync(RunPlan plan, IReadOnlyList<OrderChange> changes, CancellationToken cancellationToken);

    /// <summary>Adds to the inbox and takes the lease, if the lease is free or has run out at <paramref name="now"/>.</summary>
    /// <returns>The item after the write; null, with nothing written, when the lease is held, or the run has no lock item or a completed
    /// one.</returns>
    ValueTask<RunLock?> TryAcquireLeaseAsync(
        RunId run, IReadOnlyCollection<OrderNum> news, string owner, DateTimeOffset now, DateTimeOffset until,
        CancellationToken cancellationToken);

    /// <summary>Adds to the inbox, whoever holds the lease.</summary>
    /// <returns>The item after the write; null, with nothing written, when the run has no lock item or a completed one.</returns>
    ValueTask<RunLock?> AddToInboxAsync(RunId run, IReadOnlyCollection<OrderNum> news, CancellationToken cancellationToken);

    /// <summary>
    /// Writes the checkpoint and takes what was handled out of the inbox, if the lease is still the owner's; what becomes of
    /// the lease, and a further condition, is told by <paramref name="then"/>.
    /// </summary>
    ValueTask<CommitOutcome> CommitAsync(
        RunId run, string owner, RunCheckpoint checkpoint, IReadOnlyCollection<OrderNum> handled, AfterCommit then,
        CancellationToken cancellationToken);

    /// <summary>
    /// Marks the lock item completed, empties its inbox and gives the lease back, whoever holds it: nothing is left to be done for the run.
    /// </summary>
    ValueTask CompleteAsync(RunId run, RunCheckpoint checkpoint, CancellationToken cancellationToken);

    /// <summary>The lock item, or null.</summary>
    ValueTask<RunLock?> FindLockAsync(RunId run, CancellationToken cancellationToken);

    /// <summary>The records of these orders that exist, at most <see cref="MaxWrites"/> at once, by number.</summary>
    ValueTask<IReadOnlyList<OrderRecord>> FindOrdersAsync(RunId run, IReadOnlyList<OrderNum> nums, CancellationToken cancellationToken);

    /// <summary>The events of a trace, oldest first.</summary>
    IAsyncEnumerable<RunEvent> ReadEventsAsync(TraceId trace, CancellationToken cancellationToken);

    /// <summary>The newest jobs, newest first.</summary>
    ValueTask<IReadOnlyList<JobRecord>> ListJobsAsync(int limit, CancellationToken cancellationToken);
}
