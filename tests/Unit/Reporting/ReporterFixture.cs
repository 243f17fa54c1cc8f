using System.Collections.Concurrent;
using IacCi.Core.Engine;
using IacCi.Core.Model;
using IacCi.Core.Reporting;
using IacCi.Core.Reporting.Vcs;
using IacCi.Core.Reporting.Vcs.GitHub;
using IacCi.Core.Secrets;
using IacCi.Tests.EndToEnd.GitHub;
using Microsoft.Extensions.Time.Testing;

namespace IacCi.Tests.Unit.Reporting;

/// <summary>
/// The reporter before a GitHub on this machine, with an engine's passes played by hand. Everything it asks of the stores is counted.
/// </summary>
internal sealed class ReporterFixture : IAsyncDisposable
{
    internal const string Repo = "octo-org/infra.live";

    private const string Commit = "6dcb09b5b57875f334f61aebed695e2e4193db5e";

    private readonly OrderStatus[] states;
    private readonly Store store = new();

    private ReporterFixture(FakeGitHub gitHub, FakeTimeProvider time, int orders)
    {
        (GitHub, Time) = (gitHub, time);
        states = new OrderStatus[orders];
        Plan = new RunPlan
        {
            RunId = Runs.Id,
            TraceId = TraceId.Parse("a3f7b2c1"),
            FlowId = "alice:a3f7b2c1-network",
            CreatedAt = time.GetUtcNow(),
            Orders = [.. Enumerable.Range(1, orders).Select(n => Runs.Plan(n, $"stack-{n}"))],
            Report =
                new ReportTarget
                {
                    GitRepo = Repo,
                    IssueNumber = 7,
                    TokenLocation = "env:TOKEN",
                    CommitHash = Commit,
                    SearchTag = "iac-ci-a3f7b2c1",
                    FlowLabel = "network"
                },
        };
        Reporter = NewReporter();
    }

    internal FakeGitHub GitHub { get; }

    internal FakeTimeProvider Time { get; }

    internal RunPlan Plan { get; }

    internal VcsReporter Reporter { get; private set; }

    internal Objects Kept { get; } = new();

    internal ConcurrentQueue<string> Log { get; } = new();

    internal string Token { get; set; } = FakeGitHub.Token;

    /// <summary>What the checkpoint says.</summary>
    internal DateTimeOffset? DueAt { get; private set; }

    /// <summary>How many times the orders' records were asked for.</summary>
    internal int RecordCalls => store.Calls;

    internal static async Task<ReporterFixture> StartAsync(int orders)
    {
        var time = new FakeTimeProvider(Runs.Start);
        return new ReporterFixture(await FakeGitHub.StartAsync(time), time, orders);
    }

    /// <summary>Another process goes on: nothing is in memory.</summary>
    internal void Restart() => Reporter = NewReporter();

    internal Task<string?> AnnounceAsync() => WaitAsync(Reporter.AnnounceAsync(Plan, default).AsTask());

    /// <summary>A pass that ends these orders.</summary>
    internal Task PassAsync(params IEnumerable<int> succeeded) => PassAsync(null, [.. succeeded]);

    /// <summary>The pass that ends the job.</summary>
    internal Task FinishAsync(params IEnumerable<int> succeeded) => PassAsync(JobStatus.Succeeded, [.. succeeded]);

    /// <summary>Lets time go by while something waits for it; what comes over the wire at once takes none.</summary>
    internal async Task<T> WaitAsync<T>(Task<T> task)
    {
        await Task.WhenAny(task, Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System));
        while (!task.IsCompleted)
        {
            await Task.WhenAny(task, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System));
            if (!task.IsCompleted)
            {
                Time.Advance(TimeSpan.FromMilliseconds(250));
            }
        }

        return await task;
    }

    public async ValueTask DisposeAsync()
    {
        await GitHub.DisposeAsync();
        await Assert.That(GitHub.Violations).IsEmpty();
        await Assert.That(string.Join('\n', Log)).DoesNotContain(FakeGitHub.Token);
        await Assert.That(Kept.All).DoesNotContain(FakeGitHub.Token);
    }

    private async Task PassAsync(JobStatus? outcome, int[] succeeded)
    {
        List<OrderChange> news = [];
        foreach (var num in succeeded)
        {
            states[num - 1] = OrderStatus.Succeeded;
            store.Records[new OrderNum(num)] = Record(num);
            news.Add(new OrderChange
            {
                Num = new OrderNum(num),
                Name = "x",
                Action = OrderAction.Succeed,
                At = Time.GetUtcNow(),
                StartedAt = Time.GetUtcNow(),
                LogTail = $"output {num}"
            });
        }

        var checkpoint = new RunCheckpoint(string.Concat(states.Select(s => s.Letter())), null, DueAt);
        DueAt = await WaitAsync(Reporter.UpdateAsync(new RunProgress(Plan, checkpoint, news, outcome, Time.GetUtcNow()), default).AsTask());
    }

    private OrderRecord Record(int num) => new()
    {
        RunId = Plan.RunId,
        Num = new OrderNum(num),
        TraceId = Plan.TraceId,
        FlowId = Plan.FlowId,
        Name = "x",
        Status = OrderStatus.Succeeded,
        Commands = [],
        BundleLocation = "b",
        CallbackKey = "c",
        TimeoutSeconds = 1,
        CreatedAt = Plan.CreatedAt,
        LastUpdate = Time.GetUtcNow(),
        ExpiresAt = Plan.CreatedAt,
        StartedAt = Time.GetUtcNow(),
        FinishedAt = Time.GetUtcNow(),
        LogTail = $"output {num}",
    };

    private VcsReporter NewReporter()
    {
        var provider = new GitHubProvider(new GitHubOptions { ApiUrl = GitHub.Url }, Time, () => 0);
        return new VcsReporter(
            new VcsConnections(provider, new Secrets(() => Token), Time), Kept, store, isLocal: false, Time, Log.Enqueue);
    }

    private sealed class Secrets(Func<string> token) : ISecretSource
    {
        public ValueTask<string> ReadAsync(SecretLocation location, CancellationToken cancellationToken) => new(token());
    }

    /// <summary>Objects in memory.</summary>
    internal sealed class Objects : IObjectStore
    {
        private readonly Dictionary<string, byte[]> objects = [];

        internal int Calls { get; private set; }

        internal string All => string.Join('\n', objects.Values.Select(System.Text.Encoding.UTF8.GetString));

        internal void Clear() => objects.Clear();

        public ValueTask<ReadOnlyMemory<byte>?> GetAsync(string key, long maxBytes, CancellationToken cancellationToken)
        {
            Calls++;
            return new(objects.TryGetValue(key, out var content) ? content : (ReadOnlyMemory<byte>?)null);
        }

        public ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
        {
            Calls++;
            objects[key] = content.ToArray();
            return ValueTask.CompletedTask;
        }

        public ValueTask<StoredObject?> ReadAsync(string key, long maxBytes, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<bool> ExistsAsync(string key, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<bool> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken)
        {
            Calls++;
            return objects.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).ToList().ToAsyncEnumerable();
        }
    }

    private sealed class Store : IRunStore
    {
        internal Dictionary<OrderNum, OrderRecord> Records { get; } = [];

        internal int Calls { get; private set; }

        public ValueTask<IReadOnlyList<OrderRecord>> FindOrdersAsync(
            RunId run, IReadOnlyList<OrderNum> nums, CancellationToken cancellationToken)
        {
            Calls++;
            ArgumentOutOfRangeException.ThrowIfGreaterThan(nums.Count, IRunStore.MaxWrites);
            return new([.. nums.Where(Records.ContainsKey).Select(num => Records[num])]);
        }

        public ValueTask<JobRecord?> CreateJobAsync(JobRecord job, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<JobRecord?> FindJobAsync(RunId run, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<bool> AddOrdersAsync(IReadOnlyList<OrderRecord> orders, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<bool> ActivateAsync(RunLock initial, DateTimeOffset at, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<bool> AdvanceJobAsync(RunId run, JobChange change, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask SetCommentAsync(RunId run, string commentId, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<AdvanceOutcome> AdvanceAsync(
            RunPlan plan, IReadOnlyList<OrderChange> changes, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<RunLock?> TryAcquireLeaseAsync(
            RunId run, IReadOnlyCollection<OrderNum> news, string owner, DateTimeOffset now, DateTimeOffset until,
            CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<RunLock?> AddToInboxAsync(RunId run, IReadOnlyCollection<OrderNum> news, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<CommitOutcome> CommitAsync(
            RunId run, string owner, RunCheckpoint checkpoint, IReadOnlyCollection<OrderNum> handled, AfterCommit then,
            CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask CompleteAsync(RunId run, RunCheckpoint checkpoint, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<RunLock?> FindLockAsync(RunId run, CancellationToken cancellationToken) => throw new NotSupportedException();

        public IAsyncEnumerable<RunEvent> ReadEventsAsync(TraceId trace, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<IReadOnlyList<JobRecord>> ListJobsAsync(int limit, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}
