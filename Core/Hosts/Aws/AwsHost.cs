using Amazon.Runtime;
using IacCi.Core.Code.Git;
using IacCi.Core.Engine;
using IacCi.Core.Hosts.Aws.Access;
using IacCi.Core.Hosts.Aws.Capabilities;
using IacCi.Core.Hosts.Aws.Credentials;
using IacCi.Core.Hosts.Aws.Dynamo;
using IacCi.Core.Hosts.Aws.Roles;
using IacCi.Core.Intake;
using IacCi.Core.Intake.Webhooks;
using IacCi.Core.Model;
using IacCi.Core.Reporting;
using IacCi.Core.Reporting.Vcs;
using IacCi.Core.Reporting.Vcs.GitHub;
using IacCi.Core.Secrets;
using IacCi.Core.Text;
using IacCi.Core.Worker;
using IacCi.Core.Worker.Processes;

namespace IacCi.Core.Hosts.Aws;

/// <summary>
/// The engine on AWS: composes the parts of each role, by hand. Making one costs nothing; clients are made when the first event needs
/// them, and serve all events after it.
/// </summary>
internal sealed class AwsHost : IDisposable
{
    /// <summary>How long one attempt to claim or report may take.</summary>
    private static readonly TimeSpan UploadTimeout = TimeSpan.FromSeconds(60);

    private readonly Func<string, string?> variable;
    private readonly TimeProvider clock;
    private readonly Func<int, byte[]> randomBytes;
    private readonly Action<string> tell;
    private readonly AwsSettings settings;
    private readonly AwsClients clients;
    private readonly Lazy<AwsClients> readers;
    private readonly LazyDisposable<HttpClient> uploads = new(() => NewUploads());
    private readonly Lazy<DynamoRunStore> store;
    private readonly Lazy<IObjectStore> objects;
    private readonly Lazy<ObjectRunKeys> runKeys;
    private readonly Lazy<VcsReporter> reporter;
    private readonly Lazy<RunEngine> engine;

    /// <summary>Composes nothing yet.</summary>
    /// <param name="variable">Gives a variable of the environment, or null.</param>
    /// <param name="clock">The time.</param>
    /// <param name="randomBytes">Makes random bytes.</param>
    /// <param name="tell">Gets a line about something unusual.</param>
    /// <param name="credentials">Who calls; null for whoever the usual places name (variables, profile, role).</param>
    /// <param name="ask">Asks a person for a line and gives null where there is nobody; null when there never is.</param>
    public AwsHost(
        Func<string, string?> variable, TimeProvider clock, Func<int, byte[]> randomBytes, Action<string> tell,
        AWSCredentials? credentials = null, Func<string, string?>? ask = null)
    {
        (this.variable, this.clock, this.randomBytes, this.tell) = (variable, clock, randomBytes, tell);
        settings = new AwsSettings(variable);
        clients = new AwsClients(variable, credentials, clock, ask);
        readers = new(() => settings.ReaderRole is { } role
            ? new AwsClients(variable, AssumedRole.Reader(() => clients.SecurityToken, role, clock))
            : clients);
        store = new(() => new DynamoRunStore(clients.DynamoDb, settings.Tables, settings.InternalBucket, clock, randomBytes)
        {
            RecordRetention = settings.RecordRetention,
        });
        objects = new(() => Bucket(settings.InternalBucket, AwsSettings.InternalBucketVariable));
        runKeys = new(() => new ObjectRunKeys(SecretObjects(), randomBytes));
        reporter = new(MakeReporter);
        engine = new(() => new RunEngine(MakePorts(), clock));
    }

    /// <summary>The records.</summary>
    public IRunStore Store => store.Value;

    /// <summary>Where the records are, for messages.</summary>
    public string Place => $"table {settings.OrdersTable} in {clients.Region}";

    /// <summary>The internal bucket.</summary>
    public IObjectStore Objects => objects.Value;

    /// <summary>Finds out what is not configured that taking jobs in needs.</summary>
    /// <exception cref="UserException">A variable is missing, or wrong.</exception>
    public void CheckWebhook() => SettingsCheck.Ask(
        [
            .. Everywhere(), () => settings.WatchdogStateMachine, () => settings.JobParameters, () => settings.JobSecrets,
            () => settings.VcsParameters, () => settings.VcsSecrets, () => settings.CodeLocations, () => SecretLocationOf(),
            () => settings.ReplayRules, () => readers.Value,
        ]);

    /// <summary>
    /// Finds out what is not configured that orchestrating needs. (Workers' names are asked for when an order needs them.)
    /// </summary>
    /// <exception cref="UserException">A variable is missing, or wrong.</exception>
    public void CheckOrchestrate() => SettingsCheck.Ask([.. Everywhere(), () => settings.WatchdogStateMachine]);

    /// <summary>Finds out what is not configured that watching needs.</summary>
    /// <exception cref="UserException">A variable is missing, or wrong.</exception>
    public void CheckWatchdog() => SettingsCheck.Ask([.. Everywhere()]);

    /// <summary>Finds out what is not configured that working needs: nothing but a region.</summary>
    /// <exception cref="UserException">There is no region.</exception>
    public void CheckWork() => _ = clients.Region;

    /// <summary>Takes jobs in.</summary>
    public WebhookRole Webhook()
    {
        var reading = new Bundler(new AwsInputs(BucketOfJob, GitOptions(), clock), Secrets(readers.Value), clock, tell);
        var bundler = new RefusingBundler(new ScopedBundler(reading, Scope()));
        var root = S3Location.Root(settings.InternalBucket);
        var intake = new JobIntake(engine.Value, bundler, randomBytes, root)
        {
            RecordRetention = settings.RecordRetention,
        };
        return new WebhookRole(
            new WebhookHandler(
                new AwsJobSubmission(intake, settings.DoneBucket, Scope(), BucketOfJob), new DeliveryDeduplicator(Objects, clock),
                settings.ReplayRules, clock),
            ReadWebhookSecretAsync, clock);
    }

    /// <summary>Wakes runs.</summary>
    public OrchestrateRole Orchestrate() => new(engine.Value, settings.InternalBucket, randomBytes);

    /// <summary>Looks after orders and jobs.</summary>
    public WatchdogRole Watchdog() => new(engine.Value, settings.InternalBucket);

    /// <summary>Works on orders. It needs none of the IAC_CI_* variables, and no credentials: everything is in the order.</summary>
    /// <param name="site">Where.</param>
    public WorkerRole Work(WorkerEnvironment site)
    {
        return new WorkerRole(OpenAsync, new ExclusiveCommandRunner(new CommandRunner(clock)), site, clock, randomBytes);

        async ValueTask<OpenedOrderPorts> OpenAsync(OrderAssignment order, Action<string> log, CancellationToken cancellationToken)
        {
            var retrying = new Retrier(clock, randomBytes);
            var handed = await WorkerCapabilities.OpenAsync(uploads.Value, order, variable, clock, retrying, log, cancellationToken);
            return new OpenedOrderPorts(new PresignedChannel(handed), new PresignedBundles(handed, retrying, randomBytes, log), handed);
        }
    }

    /// <summary>Who tells people about runs.</summary>
    public IRunReporter Reporter() => reporter.Value;

    /// <summary>Looks at a run; writes nothing.</summary>
    /// <exception cref="UserException">There is no such run.</exception>
    public async ValueTask<RunInspection> InspectAsync(RunId run, CancellationToken cancellationToken) =>
        await RunInspection.FindAsync(engine.Value, run, cancellationToken) ?? throw RunInspection.Missing(run);

    /// <summary>Has the orchestrate function look at a run and wake it.</summary>
    /// <exception cref="UserException">There is no such run, or no such function, or it must not be invoked.</exception>
    public async ValueTask<WakeAnswer> WakeAsync(RunId run, CancellationToken cancellationToken)
    {
        var function = settings.OrchestrateLambda;
        using var lambda = clients.NewPatientLambda(Hosts.Aws.Lambda.RuntimeApi.LongestInvocation);
        return await new WakeRequest(lambda, function).SendAsync(run, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        clients.Dispose();
        if (readers.IsValueCreated)
        {
            readers.Value.Dispose();
        }

        uploads.Dispose();
    }

    /// <summary>What the engine needs in each of its roles.</summary>
    private IEnumerable<Func<object?>> Everywhere() =>
        [
            () => settings.OrdersTable, () => settings.EventsTable, () => settings.LocksTable, () => settings.InternalBucket,
            () => settings.DoneBucket, () => settings.RecordRetention,
        ];

    private AwsWorkers MakeWorkers()
    {
        var names = new AwsWorkerNames(
            settings.InternalBucket, () => settings.CodeBuildProject, () => settings.WorkerLambda);
        var signer = new UrlSigner(clients.S3, settings.InternalBucket, clock);
        var ownKeys = new ScopedSecrets(Secrets(clients), Scope(), ReadPurpose.OrderKey);
        var capabilities = new OrderCapabilities(Objects, SecretObjects(), signer, runKeys.Value.FindAsync, ownKeys, clock);
        return new AwsWorkers(names, capabilities, () => clients.CodeBuild, () => clients.Lambda, tell);
    }

    private VcsReporter MakeReporter()
    {
        var gitHub = new GitHubProvider(GitHubOptions.From(variable), clock, () => Backoff.Fraction(randomBytes));
        var tokens = new ScopedSecrets(Secrets(readers.Value), Scope(), ReadPurpose.GitCredential);
        return new VcsReporter(new VcsConnections(gitHub, tokens, clock), Objects, Store, isLocal: false, clock, tell);
    }

    private static HttpClient NewUploads()
    {
        var handler = new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null };
        return new HttpClient(handler) { Timeout = UploadTimeout };
    }

    private EnginePorts MakePorts() => new(
        Store,
        Objects,
        Bucket(settings.DoneBucket, AwsSettings.DoneBucketVariable),
        MakeWorkers(),
        new SfnWatchdogs(() => clients.StepFunctions, () => settings.WatchdogStateMachine, settings.InternalBucket),
        runKeys.Value,
        Reporter());

    private static AwsSecrets Secrets(AwsClients from) => new(() => from.Ssm, () => from.SecretsManager);

    private ReadScope Scope() => new()
    {
        JobParameters = settings.JobParameters,
        JobSecrets = settings.JobSecrets,
        VcsParameters = settings.VcsParameters,
        VcsSecrets = settings.VcsSecrets,
        CodeLocations = settings.CodeLocations,
        InternalBucket = settings.InternalBucket,
        WebhookSecret = SecretLocationOf(),
    };

    private GitOptions GitOptions()
    {
        var gitHub = GitHubOptions.From(variable);
        return new GitOptions { BaseUrl = gitHub.RepositoriesUrl, TokenUrl = gitHub.WebUrl };
    }

    private S3ObjectStore SecretObjects() =>
        new(clients.S3, settings.InternalBucket, AwsSettings.InternalBucketVariable, clock, randomBytes) { IsEncryptedByKms = true };

    private S3ObjectStore Bucket(string name, string named) => Bucket(clients, name, named);

    private S3ObjectStore Bucket(AwsClients from, string name, string named) => new(from.S3, name, named, clock, randomBytes);

    private S3ObjectStore BucketOfJob(string name) => Bucket(readers.Value, name, "s3_location of the job");

    private async ValueTask<string?> ReadWebhookSecretAsync(CancellationToken cancellationToken) =>
        SecretLocationOf() is { } location ? await Secrets(clients).ReadAsync(location, cancellationToken) : null;

    private SecretLocation? SecretLocationOf() => settings.WebhookSecretLocation is not { } text ? null
        : SecretLocation.TryParse(text, out var location) ? location
        : throw new UserException(
            $"{AwsSettings.WebhookSecretVariable} is {Printable.Word(text)}, which is no location; give it as aws:::ssm:<path> or " +
                $"aws:::secretd:<name>");
}
