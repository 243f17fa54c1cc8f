using System.Net;
using IacCi.Emulated.Builds;
using IacCi.Emulated.Faults;
using IacCi.Emulated.Front;
using IacCi.Emulated.Lambdas;
using IacCi.Emulated.Processes;
using IacCi.Emulated.Stacks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IacCi.Emulated;

/// <summary>
/// An AWS on loopback: moto's server keeps the state, and functions, builds, events and HTTP entrances are run for real. Tests may share
/// one: a stack under a prefix of its own is as good as an account of its own.
/// </summary>
public sealed class EmulatedAws : IAsyncDisposable
{
    private const long MaxBodyBytes = 128L * 1024 * 1024;
    private static readonly TimeSpan Recheck = TimeSpan.FromMilliseconds(200);

    private readonly EmulatedAwsOptions _options;
    private readonly SeededRandom _dice;
    private readonly Ticker _pulse = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("emulated-aws-").FullName;
    private readonly Reaper _reaper;
    private readonly ProcessPool _pool;
    private WebApplication? _front;
    private WebApplication? _runtime;
    private Moto? _moto;
    private Events? _events;
    private AwsApi? _api;
    private AwsApi? _own;

    private EmulatedAws(EmulatedAwsOptions options)
    {
        _options = options;
        _dice = new SeededRandom(options.Seed);
        _reaper = new Reaper(options.Python);
        var principals = new Principals(_dice);
        Faults = new FaultPlan(_dice);
        _pool = new ProcessPool(options, _reaper, principals, () => Endpoint, _folder);
        Functions = new FunctionHost(options, new FunctionConfigs(() => _own!), _pool, Faults, _dice, _pulse);
        Builds = new BuildHost(options, _reaper, principals, Faults, _dice, _pulse, () => _own!, _folder);
        Credentials = principals;
    }

    /// <summary>The one address of all services: <c>http://127.0.0.1:PORT</c>.</summary>
    public string Endpoint { get; private set; } = "";

    /// <summary>Every call, who made it, and how it was answered.</summary>
    public CallLog Calls { get; } = new();

    /// <summary>What goes wrong; empty at first.</summary>
    public FaultPlan Faults { get; }

    /// <summary>Lambda.</summary>
    public FunctionHost Functions { get; }

    /// <summary>CodeBuild.</summary>
    public BuildHost Builds { get; }

    /// <summary>Plain calls, as the caller <c>tester</c>.</summary>
    public AwsApi Api => _api ?? throw new InvalidOperationException("not started");

    /// <summary>What any AWS tool needs in its environment to talk to this AWS.</summary>
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["AWS_ENDPOINT_URL"] = Endpoint,
        ["AWS_REGION"] = _options.Region,
        ["AWS_DEFAULT_REGION"] = _options.Region,
        ["AWS_ACCESS_KEY_ID"] = Principals.TesterKey,
        ["AWS_SECRET_ACCESS_KEY"] = Principals.SecretOf(Principals.TesterKey),
    };

    private Principals Credentials { get; }

    /// <summary>Starts moto and everything around it.</summary>
    /// <exception cref="InvalidOperationException">moto's server is missing or the executable does not exist; the message says what to
    /// do.</exception>
    public static async Task<EmulatedAws> StartAsync(EmulatedAwsOptions? options = null)
    {
        options ??= new EmulatedAwsOptions();
        if (options.Binary is not null && !File.Exists(options.Binary))
        {
            throw new InvalidOperationException($"{options.Binary} does not exist: publish the executable, or set IAC_CI_BINARY to it");
        }

        var aws = new EmulatedAws(options with { Binary = options.Binary is null ? null : Path.GetFullPath(options.Binary) });
        try
        {
            await aws.StartAsync();
            return aws;
        }
        catch
        {
            await aws.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sets a deployment of iac-ci up. The prefix: a few lower-case letters, digits and dashes.</summary>
    public Task<Deployment> SetupStackAsync(string prefix, StackOptions? options = null) =>
        new StackBuilder(Api, _options, _dice).BuildAsync(prefix, options ?? new StackOptions());

    /// <summary>Creates one function as Terraform would: an image with this command.</summary>
    public Task CreateFunctionAsync(
        string name, IEnumerable<string> command, IReadOnlyDictionary<string, string>? variables = null, int timeoutSeconds = 30) =>
        new StackBuilder(Api, _options, _dice).FunctionAsync(
            null, name, command, variables ?? new Dictionary<string, string>(), timeoutSeconds);

    /// <summary>Changes what the waits of state machines are multiplied with, from the next wait on.</summary>
    public Task SetWaitFactorAsync(double factor) => _moto!.SettingsAsync(factor);

    /// <summary>Makes an object of S3 older than it is: what was written a second ago may be an hour old.</summary>
    public Task AgeAsync(string bucket, string key, TimeSpan by) => _moto!.AgeAsync(bucket, key, by);

    /// <summary>Waits for a condition, and looks again whenever something happened.</summary>
    /// <exception cref="TimeoutException">It did not come true in time.</exception>
    public Task UntilAsync(Func<bool> condition, TimeSpan limit, string what) =>
        UntilAsync(() => Task.FromResult(condition()), limit, what);

    /// <inheritdoc cref="UntilAsync(Func{bool}, TimeSpan, string)"/>
    public async Task UntilAsync(Func<Task<bool>> condition, TimeSpan limit, string what)
    {
        var started = _options.Time.GetTimestamp();
        while (true)
        {
            var next = _pulse.Next;
            if (await condition())
            {
                return;
            }

            if (_options.Time.GetElapsedTime(started) > limit)
            {
                throw new TimeoutException($"in {limit.TotalSeconds:0.#} s it did not happen: {what}");
            }

            await Task.WhenAny(next, Task.Delay(Recheck, _options.Time));
        }
    }

    /// <summary>
    /// Waits until no event is underway, no invocation runs or waits, and no build runs. Executions of state machines may still wait.
    /// </summary>
    public Task QuietAsync(TimeSpan limit) => UntilAsync(
        () =>
            _events!.Underway == 0 && Functions.Later.Waiting == 0 && Functions.Running() == 0
                && Builds.All().All(b => b.EndedAt is not null), limit, "everything at rest");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Builds.Dispose();
        _pool.Close();
        foreach (var server in (WebApplication?[])[_front, _runtime])
        {
            if (server is not null)
            {
                await server.DisposeAsync();
            }
        }

        if (_moto is not null)
        {
            await _moto.DisposeAsync();
        }

        _api?.Dispose();
        _own?.Dispose();
        _reaper.Dispose();
        Folders.Delete(_folder);
    }

    private async Task StartAsync()
    {
        RequestDelegate? handler = null;
        (_front, var frontPorts) = await ServeAsync([_options.Port], context => handler!(context));
        (_runtime, var runtimePorts) = await ServeAsync(Enumerable.Repeat(0, _options.MaxEnvironments), _pool.HandleAsync);
        Endpoint = $"http://127.0.0.1:{frontPorts[0]}";
        _pool.ListenOn(runtimePorts);
        _api = new AwsApi(Endpoint, _options.Region, Principals.TesterKey);
        _own = new AwsApi(Endpoint, _options.Region, Principals.OwnKey);
        _events = new Events(_options, Functions, Faults);
        Functions.Later.Send = SendToQueueAsync;
        var entrances = new HttpEntrances(_options, Functions, _own, _dice);
        _moto = await Moto.StartAsync(_options, _reaper, Endpoint);
        var rights = new Rights(() => _own);
        var front = new FrontDoor(
            _options, _moto, Credentials, Calls, Faults, Functions, Builds, entrances, _events, rights, _pulse);
        handler = front.HandleAsync;
    }

    private async Task SendToQueueAsync(string arn, System.Text.Json.Nodes.JsonObject message)
    {
        var parts = arn.Split(':');
        if (parts is [_, _, "sqs", _, var account, var queue])
        {
            await _own!.CallAsync("sqs", "SendMessage", new System.Text.Json.Nodes.JsonObject
            {
                ["QueueUrl"] = $"{Endpoint}/{account}/{queue}",
                ["MessageBody"] = message.ToJsonString(),
            });
        }
        else
        {
            _options.Log?.Invoke($"lambda: the destination {arn} is not emulated");
        }
    }

    private static async Task<(WebApplication Server, IReadOnlyList<int> Ports)> ServeAsync(IEnumerable<int> ports, RequestDelegate handler)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxRequestLineSize = 64 * 1024;
            foreach (var port in ports)
            {
                kestrel.Listen(IPAddress.Loopback, port);
            }
        });
        var server = builder.Build();
        server.Run(handler);
        await server.StartAsync();
        var addresses = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        return (server, [.. addresses.Select(a => new Uri(a).Port)]);
    }
}
