using System.Text.Json.Nodes;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>Secrets of other accounts reach the commands, and nothing else.</summary>
[Category("Emulated")]
[NotInParallel(PublishedAwsFixture.Turns)]
[ClassDataSource<PublishedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class SecretsTests(PublishedAwsFixture published)
{
    private const string Key = "AKIA0OTHERACCOUNT00", Secret = "wJalr/XUtnFEMI+K7MDENG bPxRfiCY=\"EXAMPLE\"", Pass = "it's-a-pass";

    [Test]
    [Arguments("lambda")]
    [Arguments("codebuild")]
    public async Task The_credentials_of_another_account_are_in_the_commands_environment_and_are_found_nowhere_else(string target)
    {
        var stack = await published.NewStackAsync();
        await published.Aws.Api.CallAsync(
            "ssm", "PutParameter",
            new JsonObject { ["Name"] = $"/{stack.Prefix}/jobs/db-pass", ["Type"] = "SecureString", ["Value"] = Pass });
        await published.Aws.Api.CallAsync("secretsmanager", "CreateSecret", new JsonObject
        {
            ["Name"] = $"{stack.Prefix}/jobs/account",
            ["SecretString"] = new JsonObject { ["AWS_ACCESS_KEY_ID"] = Key, ["AWS_SECRET_ACCESS_KEY"] = Secret }.ToJsonString(),
        });
        var order = PublishedAwsFixture.Order(
            stack, "vpc", target,
            "echo key $AWS_ACCESS_KEY_ID secret \"$AWS_SECRET_ACCESS_KEY\" pass $DB_PASS plain $PLAIN; printf %s " +
                "\"$AWS_SECRET_ACCESS_KEY\" | base64 -w0; echo; env | cut -d= -f1 | sort | tr '\\n' ' '; "
            + "test \"$AWS_SECRET_ACCESS_KEY\" = 'wJalr/XUtnFEMI+K7MDENG bPxRfiCY=\"EXAMPLE\"' && test \"$DB_PASS\" = \"it's-a-pass\" " +
                "&& test $OTHER_1$OTHER_2$SECRET_OTHER_1$SECRET_OTHER_2 = other-1other-2other-1other-2");
        foreach (var other in new[] { "other-1", "other-2" })
        {
            await published.Aws.Api.CallAsync(
                "ssm", "PutParameter",
                new JsonObject { ["Name"] = $"/{stack.Prefix}/jobs/{other}", ["Type"] = "String", ["Value"] = other });
            await published.Aws.Api.CallAsync(
                "secretsmanager", "CreateSecret",
                new JsonObject { ["Name"] = $"{stack.Prefix}/jobs/secret-{other}", ["SecretString"] = other });
        }

        (order["ssm_paths"], order["secret_manager_paths"]) = (
            new JsonArray($"/{stack.Prefix}/jobs/db-pass", $"/{stack.Prefix}/jobs/other-1", $"/{stack.Prefix}/jobs/other-2"),
            new JsonArray($"{stack.Prefix}/jobs/account", $"{stack.Prefix}/jobs/secret-other-1", $"{stack.Prefix}/jobs/secret-other-2"));
        order["env_vars"] = new JsonObject { ["PLAIN"] = "no secret" };
        var failing = PublishedAwsFixture.Order(
            stack, "fails", target, "echo \"$DB_PASS\" >&2; echo \"{\\\"pass\\\":\\\"$DB_PASS\\\"}\" > $IAC_CI_EVENTS_DIR/e.json; exit 9");
        failing["ssm_paths"] = new JsonArray($"/{stack.Prefix}/jobs/db-pass");

        await published.SubmitAsync(stack, "run-1", order, failing);
        var done = await published.DoneAsync(stack, "run-1");
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);

        var reads = published.Aws.Calls.Calls().Where(call => call.Caller == stack.Reader && call.Service is "ssm" or "secretsmanager")
            .Select(call => call.Operation).Order().ToList();
        await Assert.That(reads).IsEquivalentTo(["BatchGetSecretValue", "GetParameters"]);
        await Assert.That(done).IsEqualTo("""{"status":"failed","summary":{"succeeded":1,"failed":1,"timed_out":0}}""");
        var log = (string)(await published.ResultAsync(stack, "run-1", "0001"))["log"]!;

        // The padding of base64 holds no bit of the secret, and is left.
        await Assert.That(log).StartsWith("key *** secret *** pass *** plain no secret\n***=\n");
        var names = log.Trim().Split('\n')[^1].Split(' ');
        foreach (var name in new[] { "TRACE_ID", "RUN_ID", "ORDER_ID", "ORDER_NUM", "FLOW_ID", "TIMEOUT", "IAC_CI_EVENTS_DIR" })
        {
            await Assert.That(names).Contains(name);
        }

        await Assert.That(names.Where(n => n.StartsWith("AWS_", StringComparison.Ordinal)))
            .IsEquivalentTo(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
        await Assert.That(names).DoesNotContain("CALLBACK_URL");
        await Assert.That((await published.ItemsAsync(stack.EventsTable)).Count(e => e["data"] is not null)).IsEqualTo(1);
        await LeakCheck.NothingAsync(published, stack, Key, Secret, Pass);
        foreach (var line in LeakCheck.Lines(published, stack))
        {
            await Assert.That(JsonNode.Parse(line)!["role"]).IsNotNull();
        }

        foreach (var key in new[] { "tmp/keys/run-1", "tmp/exec/run-1/0001/key.json", "tmp/exec/run-1/0002/key.json" })
        {
            var (status, _) = await published.Aws.Api.S3Async(HttpMethod.Get, $"/{stack.InternalBucket}/{key}");
            await Assert.That(status).IsEqualTo(System.Net.HttpStatusCode.NotFound).Because(key);
        }
    }
}
