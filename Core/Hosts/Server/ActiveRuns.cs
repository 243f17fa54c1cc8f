using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using IacCi.Core.Hosts.Local;
using IacCi.Core.Intake;
using IacCi.Core.Intake.Webhooks;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Server;

/// <summary>The runs that a server drives side by side: those that it takes in, and those that an earlier process left.</summary>
/// <param name="engine">The engine.</param>
/// <param name="source">The folder of the code of orders without a repository.</param>
/// <param name="baseFolder">What relative paths in jobs start from.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Gets a line for each thing that happens.</param>
internal sealed class ActiveRuns(LocalEngine engine, string source, string baseFolder, TimeProvider clock, Action<string> log) : IDisposable
{
    /// <summary>The most runs of the state folder that are looked through for unfinished ones.</summary>
    public const int MaxListed = 100_000;

    /// <summary>How long a run is left alone that could not go on for a reason outside.</summary>
    public static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(30);

    /// <summary>How many jobs are taken in side by side. The same run has the same lane: its submissions follow one another.</summary>
    private const int Lanes = 16;

    private readonly SemaphoreSlim[] lanes = [.. Enumerable.Range(0, Lanes).Select(_ => new SemaphoreSlim(1))];
    private readonly ConcurrentDictionary<RunId, Lazy<Task>> driven = new();
    private readonly CancellationTokenSource leave = new();
    private readonly Admission admission = new();

    /// <summary>Takes a job in, and drives its run from then on.</summary>
    /// <exception cref="UserException">It cannot be bundled; nothing was started.</exception>
    /// <exception cref="TooManyRunsException">As much as may be is under way; nothing was started.</exception>
    public ValueTask<IntakeAnswer> SubmitAsync(Submission submission, RunId run) => InLaneAsync(run, async () =>
    {
        // What is known costs nothing more: a sender that repeats itself is answered however much is under way.
        var isKnown = await engine.Store.FindJobAsync(run, CancellationToken.None) is not null;
        if (!isKnown && !admission.TryAcquireLease(run, submission.Job.Orders.Count, submission.Bytes))
        {
            throw new TooManyRunsException($"{admission.Shown}; send the job again later");
        }

        try
        {
            // The sender may go away while this is under way: what has begun is finished.
            var answer = await SubmitHereAsync(submission with { RunId = run });
            if (answer is IntakeAnswer.Accepted { Job: { Status: var status, OrderCount: var orders } } && !status.IsFinal())
            {
                admission.Enter(run, orders);
                Drive(run);
            }

            return answer;
        }
        finally
        {
            if (!driven.ContainsKey(run))
            {
                admission.Leave(run);
            }
        }
    });

    /// <summary>Takes up every run that is not finished, whoever left it.</summary>
    public async Task ResumeAsync()
    {
        try
        {
            var jobs = await engine.Store.ListJobsAsync(MaxListed, leave.Token);
            foreach (var job in jobs.Where(job => !job.Status.IsFinal()).Reverse())
            {
                admission.Enter(job.RunId, job.OrderCount);
                Drive(job.RunId, isLeft: true);
            }
        }
        catch (StoreUnavailableException away) when (!leave.IsCancellationRequested)
        {
            log($"the runs that an earlier process left are looked for again in {RetryPause.TotalSeconds:0} s: {away.Message}");
            await PauseAsync();
            await ResumeAsync();
        }
    }

    /// <summary>Leaves all runs as they are, starts nothing more, and waits until what has begun has ended, or is ended.</summary>
    /// <param name="resuming">The task of <see cref="ResumeAsync()"/>.</param>
    /// <param name="timeout">Until when orders that have begun may go on.</param>
    public async Task StopAsync(Task resuming, CancellationToken timeout)
    {
        leave.Cancel();
        await resuming;
        await Task.WhenAll(driven.Values.Select(run => run.Value));
        await engine.StopAsync(timeout);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Array.ForEach(lanes, lane => lane.Dispose());
        leave.Dispose();
    }

    /// <summary>Whoever submits a job again finds it where this attempt left it; if nobody does, its loop gives it up in time.</summary>
    private async ValueTask<IntakeAnswer> SubmitHereAsync(Submission submission)
    {
        try
        {
            return await engine.SubmitAsync(submission, source, baseFolder, CancellationToken.None);
        }
        catch (Exception fault) when (fault is StoreUnavailableException or UserException { ExitCode: ExitCode.Fault })
        {
            Drive(submission.RunId!.Value);
            throw;
        }
    }

    private void Drive(RunId run, bool isLeft = false) =>
        _ = driven.GetOrAdd(run, _ => new Lazy<Task>(() => DriveAsync(run, isLeft))).Value;

    /// <summary>Drives a run to its end. One that fails for a reason outside is taken up again, as long as the server runs.</summary>
    /// <param name="run">The run.</param>
    /// <param name="isLeft">Whether it is to be taken up first.</param>
    [SuppressMessage("Design", "CA1031", Justification = "A fault in one run does not end the server.")]
    private async Task DriveAsync(RunId run, bool isLeft)
    {
        // Whoever submitted the job does not wait for its run.
        await Task.Yield();
        for (var isOver = false; !isOver && !leave.IsCancellationRequested; isLeft = true)
        {
            try
            {
                if (isLeft)
                {
                    await InLaneAsync(run, () => TakeUpAsync(run));
                }

                if (await engine.DriveAsync(run, CancellationToken.None, leave.Token) is { } job)
                {
                    log($"run {run}: {job.Status.Word()}");
                }

                isOver = true;
            }
            catch (UserException final) when (final.ExitCode != ExitCode.Fault)
            {
                log($"run {run}: cannot go on: {final.Message}");
                isOver = true;
            }
            catch (Exception fault)
            {
                log($"run {run}: is taken up again in {RetryPause.TotalSeconds:0} s: " +
                    $"{(fault is UserException or StoreUnavailableException ? fault.Message : fault)}");
                await PauseAsync();
            }
        }

        driven.TryRemove(run, out _);
        admission.Leave(run);
    }

    private async ValueTask<int> TakeUpAsync(RunId run)
    {
        await engine.ResumeAsync(run, CancellationToken.None);
        log($"run {run}: goes on");
        return 0;
    }

    private async Task PauseAsync()
    {
        try
        {
            await Task.Delay(RetryPause, clock, leave.Token);
        }
        catch (OperationCanceledException)
        {
            // The server stops: the run is left.
        }
    }

    private async ValueTask<T> InLaneAsync<T>(RunId run, Func<ValueTask<T>> action)
    {
        var lane = lanes[(uint)run.Value.GetHashCode(StringComparison.Ordinal) % Lanes];
        await lane.WaitAsync(CancellationToken.None);
        try
        {
            return await action();
        }
        finally
        {
            lane.Release();
        }
    }
}
