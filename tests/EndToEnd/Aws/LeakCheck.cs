using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using IacCi.Emulated.Stacks;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>Everything that a deployment left anywhere, looked through for what must not be found.</summary>
internal static partial class LeakCheck
{
    /// <summary>Signatures, identities, credentials: no run may leave one, whatever its secrets are.</summary>
    private static readonly string[] Never =
        ["X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "AGE-SECRET-KEY-", "emulated/secret/of/", "session-of-"];

    /// <summary>
    /// Neither these secrets nor any capability is in an item, an object, a log, a build, an execution or a dropped event.
    /// </summary>
    internal static async Task NothingAsync(PublishedAwsFixture published, Deployment stack, params string[] secrets)
    {
        var found = new List<string>();
        await foreach (var (place, text) in EverythingAsync(published, stack))
        {
            found.AddRange(
                Never.Concat(secrets)
                    .Append(stack.WebhookSecret)
                    .SelectMany(Spellings)
                    .Where(secret => text.Contains(secret, StringComparison.Ordinal))
                    .Select(secret => $"{secret} in {place}"));
        }

        await Assert.That(found).IsEmpty();
    }

    /// <summary>The logs of the functions, each line of which is an object that says who speaks.</summary>
    internal static IEnumerable<string> Lines(PublishedAwsFixture published, Deployment stack) =>
        new[] { stack.Webhook, stack.Orchestrate, stack.Watchdog, stack.Work }.SelectMany(published.Aws.Functions.Log);

    private static string[] Spellings(string secret) =>
        [secret, Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)).TrimEnd('='), Uri.EscapeDataString(secret)];

    private static async IAsyncEnumerable<(string LocalFixture, string Text)> EverythingAsync(
        PublishedAwsFixture published, Deployment stack)
    {
        foreach (var table in new[] { stack.OrdersTable, stack.EventsTable, stack.LocksTable })
        {
            yield return (table, new JsonArray([.. await published.ItemsAsync(table)]).ToJsonString());
        }

        foreach (var bucket in new[] { stack.InternalBucket, stack.DoneBucket })
        {
            foreach (var key in await KeysAsync(published, bucket))
            {
                foreach (var (name, text) in Texts(key, (await published.Aws.Api.S3Async(HttpMethod.Get, $"/{bucket}/{key}")).Body))
                {
                    yield return ($"{bucket}/{name}", text);
                }
            }
        }

        yield return ("the functions' logs", string.Join('\n', Lines(published, stack)));
        foreach (var build in published.Aws.Builds.All(stack.Project))
        {
            yield return ($"build {build.Id}", string.Join('\n', build.Log));
        }

        foreach (var function in new[] { stack.Orchestrate, stack.Watchdog, stack.Work })
        {
            yield return (
                $"the events and answers of {function}",
                string.Join('\n', published.Aws.Functions.Invocations(function).Select(i => WithoutKeyUrl(i.Payload) + i.Result)));
        }

        var executions = await published.Aws.Api.CallAsync(
            "states", "ListExecutions", new JsonObject { ["stateMachineArn"] = stack.Variables["IAC_CI_WATCHDOG_SFN"] });
        foreach (var execution in executions["executions"]!.AsArray())
        {
            yield return (
                "an execution",
                (await published.Aws.Api.CallAsync("states", "DescribeExecution",
                    new JsonObject { ["executionArn"] = (string)execution!["executionArn"]! }))
                    .ToJsonString());
        }
    }

    /// <summary>A worker's event holds one capability, which is worthless when its order cannot be claimed any more.</summary>
    private static string WithoutKeyUrl(string payload) => KeyUrl().Replace(payload, "");

    [GeneratedRegex("\"key_url\":\"[^\"]*\"")]
    private static partial Regex KeyUrl();

    private static async Task<IReadOnlyList<string>> KeysAsync(PublishedAwsFixture published, string bucket)
    {
        var (_, listing) = await published.Aws.Api.S3Async(HttpMethod.Get, $"/{bucket}?list-type=2");
        var elements = XDocument.Parse(Encoding.UTF8.GetString(listing)).Descendants();
        return [.. elements.Where(e => e.Name.LocalName == "Key").Select(e => e.Value)];
    }

    /// <summary>An object, and what is in it when it is an archive.</summary>
    private static IEnumerable<(string Name, string Text)> Texts(string key, byte[] content)
    {
        yield return (key, Encoding.UTF8.GetString(content));
        if (!key.EndsWith(".zip", StringComparison.Ordinal))
        {
            yield break;
        }

        using var archive = new ZipArchive(new MemoryStream(content));
        foreach (var entry in archive.Entries)
        {
            using var reader = new StreamReader(entry.Open());
            yield return ($"{key}:{entry.FullName}", reader.ReadToEnd());
        }
    }
}
