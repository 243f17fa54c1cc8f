using System.Text.Json.Nodes;
using IacCi.Emulated.Front;

namespace IacCi.Emulated.Lambdas;

/// <summary>A function as it was created through the Lambda API.</summary>
internal sealed record FunctionConfig
{
    public required string Name { get; init; }

    public required string Arn { get; init; }

    /// <summary>The name of its role.</summary>
    public required string Role { get; init; }

    /// <summary>What the entry point of the image is given: the rest of it, and the command.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    public required IReadOnlyDictionary<string, string> Variables { get; init; }

    public required TimeSpan Timeout { get; init; }

    public required int MemoryMb { get; init; }

    public required int? ReservedConcurrency { get; init; }

    public required int MaxRetries { get; init; }

    public required TimeSpan MaxEventAge { get; init; }

    public required string? OnFailure { get; init; }

    public required string? OnSuccess { get; init; }

    public required string? DeadLetter { get; init; }

    /// <summary>The services that its policy lets invoke it.</summary>
    public required IReadOnlySet<string> Invokers { get; init; }

    /// <summary>Whatever would make a warm process wrong when it changes.</summary>
    public required string Revision { get; init; }

    public static FunctionConfig Of(JsonObject function, JsonObject? events, JsonObject? policy)
    {
        var c = function["Configuration"]!.AsObject();
        var image = c["ImageConfigResponse"]?["ImageConfig"];
        var destinations = events?["DestinationConfig"];
        return new FunctionConfig
        {
            Name = (string)c["FunctionName"]!,
            Arn = (string)c["FunctionArn"]!,
            Role = Rights.NameOf((string)c["Role"]!),
            Arguments = [.. Strings(image?["EntryPoint"]).Skip(1), .. Strings(image?["Command"])],
            Variables = c["Environment"]?["Variables"]?.AsObject().ToDictionary(v => v.Key, v => (string?)v.Value ?? "") ?? [],
            Timeout = TimeSpan.FromSeconds(Number(c["Timeout"]) ?? 3),
            MemoryMb = Number(c["MemorySize"]) ?? 128,
            ReservedConcurrency = Number(function["Concurrency"]?["ReservedConcurrentExecutions"]),
            MaxRetries = Number(events?["MaximumRetryAttempts"]) ?? 2,
            MaxEventAge = TimeSpan.FromSeconds(Number(events?["MaximumEventAgeInSeconds"]) ?? 21_600),
            OnFailure = (string?)destinations?["OnFailure"]?["Destination"],
            OnSuccess = (string?)destinations?["OnSuccess"]?["Destination"],
            DeadLetter = (string?)c["DeadLetterConfig"]?["TargetArn"],
            Invokers = Services((string?)policy?["Policy"]),
            Revision = c.ToJsonString(),
        };
    }

    private static HashSet<string> Services(string? policy) => policy is null
        ? []
        : [.. JsonNode.Parse(policy)!["Statement"]!.AsArray()
            .Where(s => (string?)s!["Effect"] == "Allow")
            .Select(s => s!["Principal"] is JsonObject p ? p["Service"]?.ToString() : s["Principal"]?.ToString())
            .OfType<string>()];

    private static IEnumerable<string> Strings(JsonNode? node) => node?.AsArray().Select(n => (string)n!) ?? [];

    /// <summary>moto keeps numbers as they came, now and then as text.</summary>
    private static int? Number(JsonNode? node) =>
        node is null || node.ToString().Length == 0 ? null : int.Parse(node.ToString(), System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>Asks moto for functions, and remembers until something changes.</summary>
internal sealed class FunctionConfigs(Func<AwsApi> api)
{
    private readonly Lock _gate = new();
    private Dictionary<string, Task<FunctionConfig?>> _known = [];

    public void Forget()
    {
        lock (_gate)
        {
            _known = [];
        }
    }

    /// <summary>Null: there is no such function.</summary>
    public Task<FunctionConfig?> FindAsync(string name)
    {
        lock (_gate)
        {
            return _known.TryGetValue(name, out var task) && !task.IsFaulted ? task : _known[name] = LoadAsync(name);
        }
    }

    private async Task<FunctionConfig?> LoadAsync(string name)
    {
        await Task.Yield(); // the lock is held by who calls
        var path = $"/2015-03-31/functions/{name}";
        return await GetAsync(path) is { } function
            ? FunctionConfig.Of(
                function, await GetAsync($"/2019-09-25/functions/{name}/event-invoke-config"), await GetAsync($"{path}/policy"))
            : null;
    }

    private async Task<JsonObject?> GetAsync(string path)
    {
        try
        {
            return await api().RestAsync("lambda", HttpMethod.Get, path);
        }
        catch (AwsApiException refused) when (refused.Status == System.Net.HttpStatusCode.NotFound)
        {
            return null;
        }
    }
}
