using System.Text.Json.Nodes;
using IacCi.Emulated;
using IacCi.Emulated.Stacks;
using TUnit.Core.Interfaces;

namespace IacCi.Tests.EndToEnd.Emulator;

/// <summary>
/// One emulated AWS for all tests of the emulator, with a stand-in for the executable. Each test uses a prefix of its own.
/// </summary>
internal sealed class EmulatedAwsFixture : IAsyncInitializer, IAsyncDisposable
{
    /// <summary>For what happens within milliseconds on an idle machine.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private int _prefixes;

    public static string StandIn => Path.Combine(AppContext.BaseDirectory, "python", "stand_in.py");

    public EmulatedAws Aws { get; private set; } = null!;

    public async Task InitializeAsync() => Aws = await EmulatedAws.StartAsync(new EmulatedAwsOptions
    {
        Binary = StandIn,
        Seed = 42,
        WaitFactor = 0.01,
        AsyncRetryDelay = TimeSpan.FromMilliseconds(20),
        BuildMinute = TimeSpan.FromMilliseconds(300),
    });

    public async ValueTask DisposeAsync()
    {
        if (Aws is not null)
        {
            await Aws.DisposeAsync();
        }
    }

    public static bool IsRunning(int pid) =>
        File.Exists($"/proc/{pid}/stat") && !File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal);

    public string NewPrefix() => $"t{Interlocked.Increment(ref _prefixes)}";

    public async Task<Deployment> NewStackAsync() =>
        await Aws.SetupStackAsync(NewPrefix(), new StackOptions { WorkersHaveRights = true });

    public async Task<string> NewFunctionAsync(
        string argument = "loop", int timeoutSeconds = 30, IReadOnlyDictionary<string, string>? variables = null)
    {
        var name = NewPrefix() + "-function";
        await Aws.CreateFunctionAsync(name, [argument], variables, timeoutSeconds);
        return name;
    }

    public async Task<JsonNode> InvokeAsync(string function, string payload) =>
        JsonNode.Parse((await Aws.Functions.InvokeAsync(function, payload)).Payload)!;

    public Task PutResultAsync(Deployment stack, string run, string order = "0001") =>
        Aws.Api.S3Async(HttpMethod.Put, $"/{stack.InternalBucket}/tmp/callbacks/runs/{run}/{order}/result.json", "{}"u8.ToArray());
}
