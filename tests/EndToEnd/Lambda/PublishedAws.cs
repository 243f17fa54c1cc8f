using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using IacCi.Core.Webhooks;
using IacCi.Emulated;
using IacCi.Emulated.Stacks;
using TUnit.Core.Interfaces;

namespace IacCi.Tests.EndToEnd.Lambda;

/// <summary>The published executable (IAC_CI_BINARY) in all its roles on an emulated AWS. Without it, tests that ask for it are skipped.</summary>
internal sealed class PublishedAws : IAsyncInitializer, IAsyncDisposable
{
    /// <summary>For what takes a second on an idle machine.</summary>
    internal static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    private readonly HttpClient http = new();
    private EmulatedAws? aws;
    private int prefixes;

    internal EmulatedAws Aws => aws!;

    public async Task InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("IAC_CI_BINARY") is { Length: > 0 })
        {
            aws = await EmulatedAws.StartAsync(new EmulatedAwsOptions { Seed = 7, AsyncRetryDelay = TimeSpan.FromMilliseconds(50) });
        }
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        if (aws is not null)
        {
            await aws.DisposeAsync();
        }
    }

    internal void Require() => Skip.When(aws is null, "set IAC_CI_BINARY to the published executable");

    /// <summary>A deployment of its own, with a zip of code in its bucket.</summary>
    internal async Task<Deployment> NewStackAsync()
    {
        Require();
        var stack = await Aws.SetupStackAsync($"e{Interlocked.Increment(ref prefixes)}");
        using var zip = new MemoryStream();
        using (var archive = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
        using (var file = archive.CreateEntry("main.tf").Open())
        {
            file.Write("# nothing\n"u8);
        }

        await Aws.Api.S3Async(HttpMethod.Put, $"/{stack.InternalBucket}/code.zip", zip.ToArray());
        return stack;
    }

    /// <summary>An order on the code of the deployment.</summary>
    internal static JsonObject Order(Deployment stack, string name, string target, string command, params string[] dependencies) => new()
    {
        ["order_name"] = name,
        ["cmds"] = new JsonArray(command),
        ["timeout"] = 60,
        ["s3_location"] = $"s3://{stack.InternalBucket}/code.zip",
        ["execution_target"] = target,
        ["dependencies"] = new JsonArray([.. dependencies.Select(d => (JsonNode)d)]),
    };

    /// <summary>Sends a signed request.</summary>
    internal async Task<(HttpStatusCode Status, JsonNode Answer)> PostAsync(Deployment stack, string run, params JsonObject[] orders)
    {
        var job = new JsonObject { ["username"] = "me", ["orders"] = new JsonArray([.. orders]) }.ToJsonString();
        var body = Encoding.UTF8.GetBytes(new JsonObject { ["run_id"] = run, ["job_parameters_b64"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(job)) }.ToJsonString());
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{stack.ApiUrl}/webhook") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.Add(WebhookSignature.Header, WebhookSignature.Sign(body, Encoding.UTF8.GetBytes(stack.WebhookSecret)));
        using var answer = await http.SendAsync(request);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }

    /// <summary>Waits for the done object.</summary>
    internal async Task<string> DoneAsync(Deployment stack, string run)
    {
        var done = "";
        await Aws.UntilAsync(
            async () =>
            {
                var (status, content) = await Aws.Api.S3Async(HttpMethod.Get, $"/{stack.DoneBucket}/{run}/done");
                done = Encoding.UTF8.GetString(content);
                return status == HttpStatusCode.OK;
            },
            Soon,
            $"the done object of {run}");
        return done;
    }

    /// <summary>What a worker reported.</summary>
    internal async Task<JsonNode> ResultAsync(Deployment stack, string run, string num) =>
        JsonNode.Parse((await Aws.Api.S3Async(HttpMethod.Get, $"/{stack.InternalBucket}/tmp/callbacks/runs/{run}/{num}/result.json")).Body)!;

    /// <summary>Every item of a deployment's tables, as text.</summary>
    internal async Task<string> ItemsAsync(Deployment stack)
    {
        var all = new StringBuilder();
        foreach (var table in new[] { stack.OrdersTable, stack.EventsTable, stack.LocksTable })
        {
            all.Append((await Aws.Api.CallAsync("dynamodb", "Scan", new JsonObject { ["TableName"] = table })).ToJsonString());
        }

        return all.ToString();
    }
}
