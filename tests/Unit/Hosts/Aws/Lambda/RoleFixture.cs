using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using IacCi.Core.Code;
using IacCi.Core.Code.Git;
using IacCi.Core.Engine;
using IacCi.Core.Hosts.Aws;
using IacCi.Core.Hosts.Aws.Access;
using IacCi.Core.Hosts.Aws.Lambda;
using IacCi.Core.Hosts.Aws.Roles;
using IacCi.Core.Hosts.Local;
using IacCi.Core.Hosts.Logging;
using IacCi.Core.Intake;
using IacCi.Core.Intake.Webhooks;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using Microsoft.Extensions.Time.Testing;

namespace IacCi.Tests.Unit.Hosts.Aws.Lambda;

/// <summary>The roles on the stores of one machine, with workers and watchdogs that only remember that they were started.</summary>
internal sealed class RoleFixture : IDisposable
{
    internal const string Bucket = "internal";
    internal const string WebhookSecret = "it is a secret";

    private readonly string folder = Directory.CreateTempSubdirectory("iac-ci-roles-").FullName;
    private readonly SqliteDatabase database;

    internal RoleFixture()
    {
        var state = new StateFolder(Path.Join(folder, "state"));
        state.Create();
        database = SqliteDatabase.Open(state.Database);
        Store = new SqliteRunStore(database);
        Objects = new FolderObjectStore(state.Internal, _ => { });
        Done = new FolderObjectStore(state.Done, _ => { });
        Keys = new LocalRunKeys(Path.Join(folder, "keys"), (_, _) => { });
        Log = new StructuredLog(Lines, LogShape.Json, Clock, new LogContext { Role = "test" });
        Faulty = new FaultyObjects(Objects);
        var engine = new RunEngine(new EnginePorts(Store, Faulty, Done, Workers, Watchdogs, Keys, new SilentReporter()), Clock);
        var bundler = new RefusingBundler(new Bundler(new ZipInputs(Clock), new LocalSecrets(_ => null, folder, null), Clock, _ => { }));
        var intake = new JobIntake(engine, bundler, RandomNumberGenerator.GetBytes, $"s3://{Bucket}/");
        var handler = new WebhookHandler(
            new AwsJobSubmission(intake, "done", Scope, _ => Objects), new DeliveryDeduplicator(Objects, Clock), ReplayRules.None, Clock);
        Webhook = new WebhookRole(handler, _ => new(Secret), Clock);
        Orchestrate = new OrchestrateRole(engine, Bucket, RandomNumberGenerator.GetBytes);
        Watchdog = new WatchdogRole(engine, Bucket);
    }

    private static ReadScope Scope { get; } = new()
    {
        JobParameters = [],
        JobSecrets = [],
        VcsParameters = [],
        VcsSecrets = [],
        CodeLocations = [],
        InternalBucket = Bucket,
    };

    internal FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    internal SqliteRunStore Store { get; }

    internal FolderObjectStore Objects { get; }

    internal FaultyObjects Faulty { get; }

    internal FolderObjectStore Done { get; }

    internal LocalRunKeys Keys { get; }

    internal RememberingWorkers Workers { get; } = new();

    internal RememberingWatchdogs Watchdogs { get; } = new();

    internal MemoryStream Lines { get; } = new();

    internal StructuredLog Log { get; }

    internal string? Secret { get; set; } = WebhookSecret;

    internal WebhookRole Webhook { get; }

    internal OrchestrateRole Orchestrate { get; }

    internal WatchdogRole Watchdog { get; }

    internal string Folder => folder;

    internal string Logged => Encoding.UTF8.GetString(Lines.ToArray());

    /// <summary>A request for a job of independent orders.</summary>
    internal static string Request(string? run, params string[] orders) => RequestOf(run, JobOf(orders));

    /// <summary>A request for a job.</summary>
    internal static string RequestOf(string? run, string job) => new JsonObject
    {
        ["run_id"] = run,
        ["job_parameters_b64"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(job)),
    }.ToJsonString();

    internal static string JobOf(params string[] orders) => new JsonObject
    {
        ["orders"] = new JsonArray([.. orders.Select(name => (JsonNode)new JsonObject
        {
            ["order_name"] = name,
            ["cmds"] = new JsonArray("true"),
            ["timeout"] = 60,
            ["s3_location"] = "s3://code/code.zip",
            ["execution_target"] = "lambda",
        })]),
    }.ToJsonString();

    /// <summary>A delivery over HTTP.</summary>
    internal static string Http(
        string body, string? secret = WebhookSecret, string method = "POST", string? delivery = null, string type = "application/json")
    {
        var headers = new JsonObject { ["Content-Type"] = type };
        if (secret is not null)
        {
            headers["x-hub-signature-256"] = WebhookSignature.Sign(Encoding.UTF8.GetBytes(body), Encoding.UTF8.GetBytes(secret));
        }

        if (delivery is not null)
        {
            headers["x-github-delivery"] = delivery;
        }

        return new JsonObject
        {
            ["version"] = "2.0",
            ["requestContext"] = new JsonObject { ["http"] = new JsonObject { ["method"] = method } },
            ["headers"] = headers,
            ["body"] = body,
            ["isBase64Encoded"] = false,
        }.ToJsonString();
    }

    /// <summary>An S3 event about results.</summary>
    internal static string News(params (string Run, string Num)[] results) => new JsonObject
    {
        ["Records"] = new JsonArray([.. results.Select(result => (JsonNode)new JsonObject
        {
            ["s3"] = new JsonObject
            {
                ["bucket"] = new JsonObject { ["name"] = Bucket },
                ["object"] = new JsonObject { ["key"] = $"tmp/callbacks/runs/{result.Run}/{result.Num}/result.json" },
            },
        })]),
    }.ToJsonString();

    internal async Task<(JsonObject Answer, RoleAnswer Whole)> HandleAsync(IRole role, string json)
    {
        var invocation =
            new Invocation
            {
                RequestId = "r1",
                Deadline = Clock.GetUtcNow() + TimeSpan.FromMinutes(5),
                Event = Encoding.UTF8.GetBytes(json)
            };
        var answer = await role.HandleAsync(invocation, Log, CancellationToken.None);
        return (JsonNode.Parse(answer.Json.Span)!.AsObject(), answer);
    }

    /// <summary>The status and the body of an answer over HTTP.</summary>
    internal async Task<(int Status, JsonObject Body)> DeliverAsync(string http)
    {
        var (answer, _) = await HandleAsync(Webhook, http);
        return ((int)answer["statusCode"]!, JsonNode.Parse((string)answer["body"]!)!.AsObject());
    }

    public void Dispose()
    {
        database.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Workers that do nothing.</summary>
    internal sealed class RememberingWorkers : IWorkers
    {
        internal List<string> Started { get; } = [];

        internal Func<PlannedOrder, StartOutcome> Outcome { get; set; } = order => new StartOutcome.Started($"lambda:{order.Num}");

        public int? Capacity => null;

        public ValueTask<StartOutcome> StartAsync(RunPlan plan, PlannedOrder order, CancellationToken cancellationToken)
        {
            Started.Add($"{plan.RunId}:{order.Num}");
            return new(Outcome(order));
        }

        public ValueTask<bool> StopAsync(
            RunPlan plan, PlannedOrder order, string? executionUrl, OrderStatus status, string reason,
            CancellationToken cancellationToken) => new(false);

        public ValueTask<ExecutionState> DescribeAsync(string executionUrl, CancellationToken cancellationToken) =>
            new(ExecutionState.MayStillReport.Instance);
    }

    /// <summary>Watchdogs that do not look.</summary>
    internal sealed class RememberingWatchdogs : IWatchdogs
    {
        internal List<WatchTarget> Started { get; } = [];

        public ValueTask<StartOutcome> StartAsync(WatchTarget watch, CancellationToken cancellationToken)
        {
            Started.Add(watch);
            return new(new StartOutcome.Started($"watch:{watch.RunId}-{watch.Num}"));
        }
    }

    /// <summary>Objects that fail when a key is asked for that holds a text.</summary>
    internal sealed class FaultyObjects(IObjectStore inner) : IObjectStore
    {
        internal (string Part, Exception Fault)? Fault { get; set; }

        public ValueTask<ReadOnlyMemory<byte>?> GetAsync(string key, long maxBytes, CancellationToken cancellationToken) =>
            Checked(key).GetAsync(key, maxBytes, cancellationToken);

        public ValueTask<StoredObject?> ReadAsync(string key, long maxBytes, CancellationToken cancellationToken) =>
            Checked(key).ReadAsync(key, maxBytes, cancellationToken);

        public ValueTask<bool> ExistsAsync(string key, CancellationToken cancellationToken) =>
            Checked(key).ExistsAsync(key, cancellationToken);

        public ValueTask<bool> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
            Checked(key).CreateAsync(key, content, cancellationToken);

        public ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
            Checked(key).PutAsync(key, content, cancellationToken);

        public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken) =>
            Checked(prefix).ListAsync(prefix, cancellationToken);

        private IObjectStore Checked(string key) =>
            Fault is { } fault && key.Contains(fault.Part, StringComparison.Ordinal) ? throw fault.Fault : inner;
    }

    /// <summary>The code of every order: a zip with one file.</summary>
    private sealed class ZipInputs(TimeProvider clock) : IBundleInputs
    {
        public CodeSources OpenCode() => new(new GitOptions(), clock);

        public CodeRequest? CodeOf(Job job, Order order, GitCredentials? credentials) => null;

        public string FolderOf(Order order) => throw new NotSupportedException();

        public async ValueTask FetchZipAsync(string location, string path, CancellationToken cancellationToken)
        {
            if (location.Contains("missing", StringComparison.Ordinal))
            {
                throw new Core.Text.UserException($"s3_location {location} does not exist");
            }

            using var zip = new MemoryStream();
            using (var archive = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
            using (var file = archive.CreateEntry("main.tf").Open())
            {
                file.Write("# nothing\n"u8);
            }

            await File.WriteAllBytesAsync(path, zip.ToArray(), cancellationToken);
        }
    }
}
