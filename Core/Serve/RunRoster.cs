using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using IacCi.Core.Faults;
using IacCi.Core.Intake;
using IacCi.Core.Local;
using IacCi.Core.Runs;
using IacCi.Core.Webhooks;

namespace IacCi.Core.Serve;

/// <summary>The runs that a server drives side by side: those that it takes in, and those that an earlier process left.</summary>
/// <param name="host">The engine.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Gets a line for each thing that happens.</param>
public sealed class RunRoster(LocalHost host, TimeProvider clock, Action<string> log) : IDisposable
{
    /// <summary>The most runs of the state folder that are looked through for unfinished ones.</summary>
    public const int MaxListed = 100_000;

    /// <summary>How often a run whose engine failed is taken up again; after that it waits for the next start of the server.</summary>
    public const int MaxFaults = 20;

    /// <summary>How long it is left alone before that.</summary>
    public static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(5);

    /// <summary>How many jobs are taken in side by side. The same run has the same lane: its submissions follow one another.</summary>
    private const int Lanes = 16;

    private readonly SemaphoreSlim[] lanes = [.. Enumerable.Range(0, Lanes).Select(_ => new SemaphoreSlim(1))];
    private readonly ConcurrentDictionary<RunId, Lazy<Task>> driven = new();
    private readonly CancellationTokenSource leave = new();
    private readonly Admission admission = new();

    /// <summary>Takes a job in, and drives its run from then on.</summary>
    /// <exception cref="UserException">It cannot be bundled; nothing was started.</exception>
    /// <exception cref="JobPlaceFullException">As much as may be is under way; nothing was started.</exception>
    public ValueTask<IntakeAnswer> SubmitAsync(Submission submission, RunId run) => InLaneAsync(run, async () =>
    {
        // What is known costs nothing more: a sender that repeats itself is answered however much is under way.
        var isKnown = await host.Store.FindJobAsync(run, CancellationToken.None) is not null;
        if (!isKnown && !admission.TryEnter(run, submission.Job.Orders.Count, submission.Bytes))
        {
            throw new JobPlaceFullException($"{admission.Shown}; send the job again later");
        }

        try
        {
            // The sender may go away while this is under way: what has begun is finished.
            var answer = await host.SubmitAsync(submission with { RunId = run }, CancellationToken.None);
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
        var jobs = await host.Store.ListJobsAsync(MaxListed, leave.Token);
        foreach (var job in jobs.Where(job => !job.Status.IsFinal()).Reverse())
        {
            if (leave.IsCancellationRequested)
            {
                return;
            }

            await ResumeAsync(job);
        }
    }

    /// <summary>Leaves all runs as they are. Nothing more is started for them.</summary>
    public async Task LeaveAsync()
    {
        await leave.CancelAsync();
        await Task.WhenAll(driven.Values.Select(run => run.Value));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Array.ForEach(lanes, lane => lane.Dispose());
        leave.Dispose();
    }

    [SuppressMessage("Design", "CA1031", Justification = "One run that cannot be taken up does not keep the server from the others.")]
    private async Task ResumeAsync(JobRecord job)
    {
        try
        {
            await InLaneAsync(job.RunId, async () =>
            {
                await host.ResumeAsync(job.RunId, CancellationToken.None);
                return 0;
            });
            log($"run {job.RunId}: goes on");
            admission.Enter(job.RunId, job.OrderCount);
            Drive(job.RunId);
        }
        catch (Exception wrong)
        {
            log($"run {job.RunId}: cannot go on: {wrong.Message}");
        }
    }

    private void Drive(RunId run) => _ = driven.GetOrAdd(run, _ => new Lazy<Task>(() => Task.Run(() => DriveAsync(run)))).Value;

    [SuppressMessage("Design", "CA1031", Justification = "A fault in one run does not end the server.")]
    private async Task DriveAsync(RunId run)
    {
        for (var faults = 0; faults < MaxFaults && !leave.IsCancellationRequested; faults++)
        {
            try
            {
                if (await host.DriveAsync(run, CancellationToken.None, leave.Token) is { } job)
                {
                    log($"run {run}: {job.Status.Word()}");
                }

                break;
            }
            catch (Exception fault)
            {
                log($"run {run}: a fault, it goes on in {FaultPause.TotalSeconds:0} s: {fault}");
                await PauseAsync();
            }
        }

        driven.TryRemove(run, out _);
        admission.Leave(run);
    }

    private async Task PauseAsync()
    {
        try
        {
            await Task.Delay(FaultPause, clock, leave.Token);
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
