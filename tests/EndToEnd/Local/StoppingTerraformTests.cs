using System.Diagnostics;
using System.Text.Json.Nodes;
using IacCi.Emulated;
using IacCi.Emulated.Faults;
using IacCi.Tests.EndToEnd.Serve;

namespace IacCi.Tests.EndToEnd.Local;

/// <summary>
/// The real Terraform and its AWS provider, stopped while the provider waits for a queue that it has created: whoever stops them, the queue
/// is in the state, and nothing holds the state's lock.
/// </summary>
[NotInParallel]
internal sealed class StoppingTerraformTests
{
    private const string Stack = """
        terraform {
          required_providers { aws = { source = "hashicorp/aws" } }
        }
        provider "aws" {
          region                      = "us-east-1"
          skip_credentials_validation = true
          skip_requesting_account_id  = true
          skip_metadata_api_check     = true
        }
        variable "name" {}
        resource "aws_sqs_queue" "made" { name = var.name }
        """;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    [Test]
    public async Task A_queue_that_was_made_is_in_the_state_whoever_stops_the_commands()
    {
        await using var aws = await EmulatedAws.StartAsync(new EmulatedAwsOptions { Binary = null });
        using var place = new LocalFixture();
        place.With("stack/main.tf", Stack);
        await TerraformAsync(
            place["stack"], aws,
            ["init", "-input=false", .. PluginFolder() is { } folder ? [$"-plugin-dir={folder}"] : Array.Empty<string>()]);
        await RunAsync(place, aws, "timeout", timeout: 30, jobTimeout: 3_600, interrupts: false, "timed_out timeout: not done within 30 s");
        await RunAsync(place, aws, "deadline", timeout: 600, jobTimeout: 30, interrupts: false, "timed_out job_timeout");
        await RunAsync(place, aws, "interrupt", timeout: 600, jobTimeout: 3_600, interrupts: true, "failed cancelled");
        await ServeAsync(place, aws, "server");
    }

    private static async Task RunAsync(
        LocalFixture place, EmulatedAws aws, string name, int timeout, int jobTimeout, bool interrupts, string outcome)
    {
        using var wait = EndlessWait(aws, name);
        place.With($"jobs/{name}.json", Job(place, aws, name, timeout, jobTimeout).ToJsonString());
        var process = place.Start("run", $"jobs/{name}.json", "--run-id", name, "--source", "jobs");
        if (interrupts)
        {
            await aws.UntilAsync(() => wait.Hits > 0, Limit, "the provider waits for the queue");
            process.Signal(Started.Interrupt);
        }

        var ended = await process.EndAsync();
        await Assert.That(wait.Hits).IsGreaterThan(0).Because(ended.ToString());
        await Assert.That((await place.StatusAsync(name)).Of(name)).IsEqualTo(outcome);
        await IsInStateAsync(place, name);
    }

    private static async Task ServeAsync(LocalFixture place, EmulatedAws aws, string name)
    {
        using var wait = EndlessWait(aws, name);
        await using var site = new ServerFixture();
        var server = await site.ServeAsync("--stop-timeout", "0");
        await site.PostAsync(server, ServerFixture.Body(Job(place, aws, name, 600, 3_600), name));
        await aws.UntilAsync(() => wait.Hits > 0, Limit, "the provider waits for the queue");
        server.Signal(ServerFixture.Terminate);
        await ServerFixture.EndAsync(server);
        await IsInStateAsync(place, name);
    }

    /// <summary>The service does not answer whether a queue is there, for longer than any test lasts.</summary>
    private static ActiveFault EndlessWait(EmulatedAws aws, string queue) =>
        aws.Faults.Add(
            new Fault(FaultKind.Delay)
            {
                Service = "sqs",
                Operation = "GetQueueAttributes",
                Resource = $"*{queue}",
                Delay = TimeSpan.FromMinutes(10)
            });

    private static JsonObject Job(LocalFixture place, EmulatedAws aws, string name, int timeout, int jobTimeout)
    {
        var order = LocalFixture.Order(
            name,
            $"terraform -chdir={place["stack"]} apply -auto-approve -input=false -no-color -state={StateOf(place, name)} -var name={name}");
        order["timeout"] = timeout;
        order["env_vars"] = new JsonObject(aws.Variables.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        return new JsonObject { ["job_timeout"] = jobTimeout, ["orders"] = new JsonArray(order) };
    }

    private static string StateOf(LocalFixture place, string name) => place[$"{name}.tfstate"];

    private static async Task IsInStateAsync(LocalFixture place, string name)
    {
        var state = JsonNode.Parse(await File.ReadAllTextAsync(StateOf(place, name)))!;
        await Assert.That(state["resources"]!.AsArray().Count).IsEqualTo(1).Because(state.ToJsonString());
        await Assert.That(Directory.GetFiles(place.Path, "*.lock.info")).IsEmpty();
    }

    private static async Task TerraformAsync(string folder, EmulatedAws aws, params IEnumerable<string> arguments)
    {
        var info = new ProcessStartInfo("terraform", arguments) { WorkingDirectory = folder };
        foreach (var (name, value) in aws.Variables)
        {
            info.Environment[name] = value;
        }

        using var process = new Started(info, "");
        var ended = await process.EndAsync();
        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.ToString());
    }

    /// <summary>A mirror of Terraform's providers on this machine; null where there is none, and they come from the registry.</summary>
    private static string? PluginFolder() => Directory.EnumerateDirectories("/", "registry.terraform.io", new EnumerationOptions
    {
        RecurseSubdirectories = true,
        MaxRecursionDepth = 3,
        IgnoreInaccessible = true,
        AttributesToSkip = FileAttributes.ReparsePoint,
    }).Select(folder => Path.GetDirectoryName(folder)).FirstOrDefault();
}
