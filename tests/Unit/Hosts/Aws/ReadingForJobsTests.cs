using System.Text;
using System.Text.Json.Nodes;
using IacCi.Core.Hosts.Aws;
using IacCi.Core.Hosts.Aws.Lambda;
using IacCi.Core.Hosts.Logging;
using IacCi.Emulated.Faults;
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
            ["orders[0].ssm_paths[0]", "orders[0].ssm_paths[1]", "orders[0].ssm_paths[2]", "orders[1].ssm_paths[0]",
                "orders[2].s3_location"]).Because(answer.ToJsonString());
        await Assert.That(answer.ToJsonString()).DoesNotContain(stack.WebhookSecret);
    }

    [Test]
    public async Task What_a_setting_allows_is_read()
    {
        var stack = await StackAsync(("IAC_CI_JOB_SSM_PREFIXES", "/deploy/production/"));
        await PutAsync("/deploy/production/db", "value");
        var job =
            new JsonObject
            {
                ["orders"] = new JsonArray(Order(order => order["ssm_paths"] = new JsonArray("/deploy/production/db"),
                stack))
            };
        await aws.Objects(stack.InternalBucket).PutAsync("tmp/source/code.zip", Zip(), default);

        await Assert.That((string)(await SendAsync(stack, job))["status"]!).IsEqualTo("ok");

        job["orders"]![0]!["ssm_paths"] = new JsonArray($"/{stack.Prefix}/jobs/db");
        await Assert.That((await SendAsync(stack, job)).ToJsonString()).Contains("IAC_CI_JOB_SSM_PREFIXES");
    }

    [Test]
    public async Task What_a_job_names_is_read_by_the_reader_alone()
    {
        await using var gitHub = await RecordingServer.StartAsync((404, """{"message":"Not Found"}"""));
        var stack = await StackAsync(("IAC_CI_GITHUB_API_URL", gitHub.Url));
        var (job, unnamed) = (await NamingEverythingAsync(stack), new JsonObject { ["orders"] = new JsonArray(Order(_ => { })) });
        var fromRepository = job.DeepClone().AsObject();
        fromRepository["orders"]![0]!.AsObject().Remove("s3_location");
        (string Service, string Operation, string Resource, JsonObject Job)[] reads =
        [
            ("ssm", "GetParameter", $"/{stack.Prefix}/jobs/*", job),
            ("ssm", "GetParameter", $"/{stack.Prefix}/vcs/*", fromRepository),
            ("secretsmanager", "GetSecretValue", $"{stack.Prefix}/*", job),
            ("s3", "GetObject", $"{stack.InternalBucket}/tmp/source/*", job),
        ];
        foreach (var (service, operation, resource, named) in reads)
        {
            using (Deny(service, operation, resource))
            {
                await Assert.That((await SendAsync(stack, named)).ToJsonString()).Contains("no permission to use").Because(resource);
            }
        }

        var denials = reads.Select(read => Deny(read.Service, read.Operation, read.Resource)).ToList();
        var answer = await SendAsync(stack, job, stack.ReaderRole);
        await Assert.That((string)answer["status"]!).IsEqualTo("ok").Because(answer.ToJsonString());
        var read = aws.Aws.Calls.Calls(stack.Reader);
        await Assert.That(read.Select(call => $"{call.Operation} {call.Resource} {call.Status}").Distinct()).IsEquivalentTo(
            [$"GetParameter /{stack.Prefix}/jobs/db 200", $"GetParameter /{stack.Prefix}/vcs/token 200",
             $"GetSecretValue {stack.Prefix}/jobs/account 200", $"GetObject {stack.InternalBucket}/tmp/source/code.zip 200"]);
        await Assert.That(Assumed(stack)).IsEqualTo(1);

        await SendAsync(stack, unnamed, stack.ReaderRole);
        await Assert.That(Assumed(stack)).IsEqualTo(1);
        denials.ForEach(denial => denial.Dispose());
    }

    private int Assumed(Deployment stack) =>
        aws.Aws.Calls.Calls(service: "sts", operation: "AssumeRole").Count(call => call.Resource == stack.Reader);

    /// <summary>The rights that the function's own role does not have.</summary>
    private ActiveFault Deny(string service, string operation, string resource) => aws.Aws.Faults.Add(
        new Fault(FaultKind.Deny) { Caller = "tester", Service = service, Operation = operation, Resource = resource });

    private async Task<JsonObject> NamingEverythingAsync(Deployment stack)
    {
        await PutAsync($"/{stack.Prefix}/jobs/db", "value");
        await PutAsync($"/{stack.Prefix}/vcs/token", "ghp_token");
        var secret = new JsonObject { ["Name"] = $"{stack.Prefix}/jobs/account", ["SecretString"] = "{\"KEY\":\"b\"}" };
        await aws.Aws.Api.CallAsync("secretsmanager", "CreateSecret", secret);
        await aws.Objects(stack.InternalBucket).PutAsync("tmp/source/code.zip", Zip(), default);
        return new JsonObject
        {
            ["username"] = "me",
            ["git_repo"] = "octo-org/network",
            ["pr_number"] = 7,
            ["git_token_location"] = $"aws:::ssm:/{stack.Prefix}/vcs/token",
            ["orders"] = new JsonArray(Order(order =>
            {
                order["ssm_paths"] = new JsonArray($"/{stack.Prefix}/jobs/db");
                order["secret_manager_paths"] = new JsonArray($"{stack.Prefix}/jobs/account");
            }, stack)),
        };
    }

    private static JsonObject Order(Action<JsonObject> change, Deployment? stack = null)
    {
        var order =
            new JsonObject
            {
                ["cmds"] = new JsonArray("true"),
                ["timeout"] = 60,
                ["s3_location"] = $"s3://{stack?.InternalBucket ?? "some"}/tmp/source/code.zip"
            };
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

    private async Task<JsonNode> SendAsync(Deployment stack, JsonObject job, params (string Name, string Value)[] more)
    {
        var variables = new Dictionary<string, string>(aws.Aws.Variables);
        foreach (var (name, value) in stack.Variables.Select(v => (v.Key, v.Value)).Concat(more))
        {
            variables[name] = value;
        }

        using var host = new AwsHost(
            variables.GetValueOrDefault, TimeProvider.System, System.Security.Cryptography.RandomNumberGenerator.GetBytes, _ => { },
            aws.Credentials);
        var request = new JsonObject { ["job_parameters_b64"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(job.ToJsonString())) };
        var invocation =
            new Invocation
            {
                RequestId = "r",
                Deadline = TimeProvider.System.GetUtcNow().AddMinutes(5),
                Event = Encoding.UTF8.GetBytes(request.ToJsonString())
            };
        using var lines = new MemoryStream();
        var answer = await host.Webhook().HandleAsync(
            invocation, new StructuredLog(lines, LogShape.Json, TimeProvider.System, new LogContext { Role = "webhook" }), default);
        return JsonNode.Parse(answer.Json.Span)!;
    }

    private async Task<Deployment> StackAsync(params (string Name, string Value)[] variables) =>
        await aws.Aws.SetupStackAsync(
            aws.NewName("scope"), new StackOptions { Variables = variables.ToDictionary(v => v.Name, v => v.Value) });

    private async Task PutAsync(string name, string value) => await aws.Clients.Ssm.PutParameterAsync(new()
    {
        Name = name,
        Value = value,
        Type = Amazon.SimpleSystemsManagement.ParameterType.SecureString,
        Overwrite = true,
    });
}
