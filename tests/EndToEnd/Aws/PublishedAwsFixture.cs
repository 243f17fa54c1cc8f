using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using IacCi.Core.Intake.Webhooks;
using IacCi.Emulated;
using IacCi.Emulated.Stacks;
using IacCi.Tests.EndToEnd.Local;
using TUnit.Core.Interfaces;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>
/// The published executable (IAC_CI_BINARY) in all its roles on an emulated AWS. Without it, tests that ask for it are skipped.
/// </summary>
internal class PublishedAwsFixture : IAsyncInitializer, IAsyncDisposable
{
    /// <summary>For what takes a second on an idle machine.</summary>
    internal static readonly TimeSpan Soon = TimeSpan.FromSeconds(120);

    /// <summary>For hundreds of orders on a busy machine.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>What tests take turns on: two cores are soon busy, and a test that waits for its turn waits for nothing else.</summary>
    internal const string Turns = "the published executable on AWS";

    private const string Code = "tmp/source/code.zip";

    private readonly HttpClient http = new();
    private readonly ConcurrentQueue<Deployment> stacks = new();
    private EmulatedAws? aws;
    private int prefixes;

    internal EmulatedAws Aws => aws!;

    /// <summary>All deployments so far.</summary>
    internal IReadOnlyCollection<Deployment> Stacks => stacks;

    public async Task InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("IAC_CI_BINARY") is { Length: > 0 })
        {
            aws = await EmulatedAws.StartAsync(Options);
        }
    }

    /// <summary>How this AWS is to behave.</summary>
    protected virtual EmulatedAwsOptions Options => new() { Seed = 7, AsyncRetryDelay = TimeSpan.FromMilliseconds(50) };

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
    /// <param name="options">What differs from others.</param>
    /// <param name="isAttacked">Its orders make calls of their own, which are not the engine's.</param>
    internal async Task<Deployment> NewStackAsync(StackOptions? options = null, bool isAttacked = false)
    {
        Require();
        var stack = await Aws.SetupStackAsync($"e{Interlocked.Increment(ref prefixes)}", options);
        if (!isAttacked)
        {
            stacks.Enqueue(stack);
        }

        using var zip = new MemoryStream();
        using (var archive = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
        using (var file = archive.CreateEntry("main.tf").Open())
        {
            file.Write("# nothing\n"u8);
        }

        await Aws.Api.S3Async(HttpMethod.Put, $"/{stack.InternalBucket}/{Code}", zip.ToArray());
        return stack;
    }

    /// <summary>A deployment that is there already, for what leaves nothing behind.</summary>
    internal async Task<Deployment> FirstStackAsync()
    {
        Require();
        return stacks.TryPeek(out var first) ? first : await NewStackAsync();
    }

    /// <summary>An order on the code of the deployment.</summary>
    internal static JsonObject Order(Deployment stack, string name, string target, string command, params string[] dependencies) => new()
    {
        ["order_name"] = name,
        ["cmds"] = new JsonArray(command),
        ["timeout"] = 60,
        ["s3_location"] = $"s3://{stack.InternalBucket}/{Code}",
        ["execution_target"] = target,
        ["dependencies"] = new JsonArray([.. dependencies.Select(d => (JsonNode)d)]),
    };

    /// <summary>Sends a signed request for these orders.</summary>
    internal Task<(HttpStatusCode Status, JsonNode Answer)> PostAsync(Deployment stack, string? run, params JsonObject[] orders) =>
        PostJobAsync(stack, run, Job(orders));

    /// <summary>Sends a signed request for this job.</summary>
    internal Task<(HttpStatusCode Status, JsonNode Answer)> PostJobAsync(Deployment stack, string? run, JsonObject job) =>
        SendAsync(stack, Request(run, job).ToJsonString());

    /// <summary>Sends a signed request for this job, which is accepted.</summary>
    internal async Task SubmitJobAsync(Deployment stack, string run, JsonObject job)
    {
        var (status, answer) = await PostJobAsync(stack, run, job);
        await Assert.That(status).IsEqualTo(HttpStatusCode.OK).Because(answer.ToJsonString());
    }

    /// <summary>Sends a signed request for these orders, which is accepted.</summary>
    internal Task SubmitAsync(Deployment stack, string run, params JsonObject[] orders) => SubmitJobAsync(stack, run, Job(orders));

    /// <summary>A job of these orders.</summary>
    internal static JsonObject Job(params JsonObject[] orders) =>
        new() { ["username"] = "me", ["orders"] = new JsonArray([.. orders.Select(order => order.DeepClone())]) };

    /// <summary>What a request for a job says.</summary>
    internal static JsonObject Request(string? run, JsonObject job)
    {
        var request = new JsonObject { ["job_parameters_b64"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(job.ToJsonString())) };
        if (run is not null)
        {
            request["run_id"] = run;
        }

        return request;
    }

    /// <summary>Sends this body, signed.</summary>
    internal async Task<(HttpStatusCode Status, JsonNode Answer)> SendAsync(
        Deployment stack, string text, string contentType = "application/json", string? deliveryId = null)
    {
        var body = Encoding.UTF8.GetBytes(text);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{stack.ApiUrl}/webhook") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new(contentType);
        request.Headers.Add(WebhookSignature.Header, WebhookSignature.Sign(body, Encoding.UTF8.GetBytes(stack.WebhookSecret)));
        if (deliveryId is not null)
        {
            request.Headers.Add(WebhookHeaders.Delivery, deliveryId);
        }

        using var answer = await http.SendAsync(request);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }

    /// <summary>The program, as an operator starts it: with the deployment's variables.</summary>
    internal Started Start(Deployment stack, string input, params string[] arguments)
    {
        var info = new ProcessStartInfo(Binary.Require(), arguments);
        foreach (var (name, value) in Aws.Variables.Concat(stack.Variables))
        {
            info.Environment[name] = value;
        }

        return new Started(info, input);
    }

    /// <summary>Waits for the done object.</summary>
    internal async Task<string> DoneAsync(Deployment stack, string run, TimeSpan? limit = null)
    {
        var done = "";
        await Aws.UntilAsync(
            async () =>
            {
                var (status, content) = await Aws.Api.S3Async(HttpMethod.Get, $"/{stack.DoneBucket}/{run}/done");
                done = Encoding.UTF8.GetString(content);
                return status == HttpStatusCode.OK;
            },
            limit ?? Soon,
            $"the done object of {run}");
        return done;
    }

    /// <summary>What a worker reported.</summary>
    internal async Task<JsonNode> ResultAsync(Deployment stack, string run, string num) =>
        JsonNode.Parse(
            (await Aws.Api.S3Async(HttpMethod.Get, $"/{stack.InternalBucket}/tmp/callbacks/runs/{run}/{num}/result.json")).Body)!;

    /// <summary>Every item of a table; each attribute without its type.</summary>
    internal async Task<IReadOnlyList<JsonObject>> ItemsAsync(string table)
    {
        List<JsonObject> items = [];
        var request = new JsonObject { ["TableName"] = table };
        do
        {
            var page = await Aws.Api.CallAsync("dynamodb", "Scan", request);
            items.AddRange(page["Items"]!.AsArray().Select(item => new JsonObject(item!.AsObject().Select(Plain))));
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]?.DeepClone();
        }
        while (request["ExclusiveStartKey"] is not null);
        return items;

        static KeyValuePair<string, JsonNode?> Plain(KeyValuePair<string, JsonNode?> attribute) =>
            KeyValuePair.Create(attribute.Key, attribute.Value!.AsObject().Single().Value?.DeepClone());
    }

    /// <summary>The statuses of a run's orders, by number.</summary>
    internal async Task<IReadOnlyDictionary<string, string>> StatusesAsync(Deployment stack, string run) =>
        (await ItemsAsync(stack.OrdersTable))
            .Where(item => ((string)item["pk"]!).StartsWith($"{run}:", StringComparison.Ordinal))
            .ToDictionary(item => ((string)item["pk"]!)[(run.Length + 1)..], item => (string)item["status"]!);
}
