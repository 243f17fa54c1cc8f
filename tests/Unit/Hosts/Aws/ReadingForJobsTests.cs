using System.Text;
using System.Text.Json.Nodes;
using IacCi.Core.Hosts.Aws;
using IacCi.Core.Hosts.Aws.Lambda;
using IacCi.Core.Hosts.Logging;
using IacCi.Emulated.Stacks;
using IacCi.Tests.Contract;

namespace IacCi.Tests.Unit.Hosts.Aws;

/// <summary>The webhook, composed as it is deployed, on an AWS that lets it read everything.</summary>
[ClassDataSource<EmulatedStores>(Shared = SharedType.PerTestSession)]
internal sealed class ReadingForJobsTests(EmulatedStores aws)
{
    [Test]
    public async Task A_job_cannot_have_the_deployments_own_secrets_or_other_runs_bundles_read_for_it()
    {
        var stack = await StackAsync();
        await aws.Objects(stack.InternalBucket).PutAsync("tmp/exec/other/0001/exec.zip", "PK"u8.ToArray(), default);
        await PutAsync("/iac-ci/sops-keys/other", "AGE-SECRET-KEY-1OTHER");
        await PutAsync($"/{stack.Prefix}/vcs/token", "ghp_token");
        var secret = stack.Variables["IAC_CI_WEBHOOK_SECRET_LOCATION"]["aws:::ssm:".Length..];

        var answer = await SendAsync(stack, new JsonObject
        {
            ["orders"] = new JsonArray(
                Order(order => order["ssm_paths"] = new JsonArray(secret, "/iac-ci/sops-keys/other", $"/{stack.Prefix}/vcs/token")),
                Order(order => order["ssm_paths"] = new JsonArray($"arn:aws:ssm:us-east-1:123456789012:parameter{secret}")),
                Order(order => order["s3_location"] = $"s3://{stack.InternalBucket}/tmp/exec/other/0001/exec.zip")),
        });

        var errors = answer["errors"]!.AsArray().Select(error => (string)error!).ToList();
        await Assert.That((string)answer["status"]!).IsEqualTo("error");
        await Assert.That(errors.Select(error => error.Split(':')[0])).IsEquivalentTo(
            ["orders[0].ssm_paths[0]", "orders[0].ssm_paths[1]", "orders[0].ssm_paths[2]", "orders[1].ssm_paths[0]", "orders[2].s3_location"]).Because(answer.ToJsonString());
        await Assert.That(answer.ToJsonString()).DoesNotContain(stack.WebhookSecret);
    }

    [Test]
    public async Task What_a_setting_allows_is_read()
    {
        var stack = await StackAsync(("IAC_CI_JOB_SSM_PREFIXES", "/deploy/production/"));
        await PutAsync("/deploy/production/db", "value");
        var job = new JsonObject { ["orders"] = new JsonArray(Order(order => order["ssm_paths"] = new JsonArray("/deploy/production/db"), stack)) };
        await aws.Objects(stack.InternalBucket).PutAsync("tmp/source/code.zip", Zip(), default);

        await Assert.That((string)(await SendAsync(stack, job))["status"]!).IsEqualTo("ok");

        job["orders"]![0]!["ssm_paths"] = new JsonArray($"/{stack.Prefix}/jobs/db");
        await Assert.That((await SendAsync(stack, job)).ToJsonString()).Contains("IAC_CI_JOB_SSM_PREFIXES");
    }

    private static JsonObject Order(Action<JsonObject> change, Deployment? stack = null)
    {
        var order = new JsonObject { ["cmds"] = new JsonArray("true"), ["timeout"] = 60, ["s3_location"] = $"s3://{stack?.InternalBucket ?? "some"}/tmp/source/code.zip" };
        change(order);
        if (stack is null && ((string)order["s3_location"]!).StartsWith("s3://some/", StringComparison.Ordinal))
        {
            order.Remove("s3_location");
            order["git_repo"] = "octo-org/network";
        }

        return order;
    }

    private static byte[] Zip()
    {
        using var zip = new MemoryStream();
        using (var archive = new System.IO.Compression.ZipArchive(zip, System.IO.Compression.ZipArchiveMode.Create, leaveOpen: true))
        using (var file = archive.CreateEntry("main.tf").Open())
        {
            file.Write("# nothing\n"u8);
        }

        return zip.ToArray();
    }

    private async Task<JsonNode> SendAsync(Deployment stack, JsonObject job)
    {
        var variables = new Dictionary<string, string>(aws.Aws.Variables);
        foreach (var (name, value) in stack.Variables)
        {
            variables[name] = value;
        }

        using var host = new AwsHost(variables.GetValueOrDefault, TimeProvider.System, System.Security.Cryptography.RandomNumberGenerator.GetBytes, _ => { }, aws.Credentials);
        var request = new JsonObject { ["job_parameters_b64"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(job.ToJsonString())) };
        var invocation = new Invocation { RequestId = "r", Deadline = TimeProvider.System.GetUtcNow().AddMinutes(5), Event = Encoding.UTF8.GetBytes(request.ToJsonString()) };
        using var lines = new MemoryStream();
        var answer = await host.Webhook().HandleAsync(invocation, new StructuredLog(lines, LogShape.Json, TimeProvider.System, new LogContext { Role = "webhook" }), default);
        return JsonNode.Parse(answer.Json.Span)!;
    }

    private async Task<Deployment> StackAsync(params (string Name, string Value)[] variables) =>
        await aws.Aws.SetupStackAsync(aws.NewName("scope"), new StackOptions { Variables = variables.ToDictionary(v => v.Name, v => v.Value) });

    private async Task PutAsync(string name, string value) => await aws.Clients.Ssm.PutParameterAsync(new()
    {
        Name = name,
        Value = value,
        Type = Amazon.SimpleSystemsManagement.ParameterType.SecureString,
        Overwrite = true,
    });
}
