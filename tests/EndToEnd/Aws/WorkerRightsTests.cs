using System.Text.Json.Nodes;
using IacCi.Tests.Unit.Code;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>A worker has no rights of its own: all that it may do is what its order was dispatched with.</summary>
[Category("Emulated")]
[NotInParallel(PublishedAwsFixture.Turns)]
[ClassDataSource<PublishedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class WorkerRightsTests(PublishedAwsFixture published)
{
    private const string Pass = "victims-passw0rd";

    /// <summary>
    /// What hostile code finds around it: the environment of every process above it. Each line of its output is an attempt and the HTTP
    /// status that it got.
    /// </summary>
    private const string Hostile = """
        pid=$$
        while [ "$pid" -gt 1 ]; do
          tr '\0' '\n' < /proc/$pid/environ >> around 2>/dev/null
          echo >> around
          pid=$(awk '/^PPid/ {print $2}' /proc/$pid/status)
        done
        of() { sed -n "s/^$1=//p" around | head -n 1; }
        try() { name=$1; shift; echo "$name $(curl -s -o got -w '%{http_code}' "$@")"; }
        endpoint=$(of AWS_ENDPOINT_URL) bucket=$(of INTERNAL_BUCKET)
        key_url=$(of KEY_URL)
        signed() { echo "Authorization: AWS4-HMAC-SHA256 Credential=$(of AWS_ACCESS_KEY_ID)/20260101/us-east-1/$1/aws4_request, SignedHeaders=host, Signature=0"; }
        try own-key-file "$key_url"
        cp got key.json
        for name in bundle_url code_url dispatch_url stop_url key_url; do
          url=$(python3 -c "import json; print(json.load(open('key.json'))['$name'])")
          try "another-orders-$name" "$(echo "$url" | sed "s,/$RUN_ID/0001,/$RUN_ID/0002,; s,/$RUN_ID/code/,/victim/code/,")"
          try "another-runs-$name" "$(echo "$url" | sed "s,/$RUN_ID/,/victim/,")"
        done
        try another-keys-by-role -H "$(signed s3)" "$endpoint/$bucket/tmp/exec/victim/0001/key.json"
        try run-key-by-role -H "$(signed s3)" "$endpoint/$bucket/tmp/keys/victim"
        try bundle-by-role -H "$(signed s3)" "$endpoint/$bucket/tmp/exec/victim/0001/exec.zip"
        try list-by-role -H "$(signed s3)" "$endpoint/$bucket?list-type=2&prefix=tmp/"
        try result-by-role -X PUT -H "$(signed s3)" --data '{"status":"succeeded","log":"forged"}' "$endpoint/$bucket/tmp/callbacks/runs/victim/0001/result.json"
        try parameter-by-role -H "$(signed ssm)" -H 'X-Amz-Target: AmazonSSM.GetParameter' -H 'Content-Type: application/x-amz-json-1.1' --data '{"Name":"/secret"}' "$endpoint"
        try table-by-role -H "$(signed dynamodb)" -H 'X-Amz-Target: DynamoDB_20120810.GetItem' -H 'Content-Type: application/x-amz-json-1.0' --data '{"TableName":"t"}' "$endpoint"
        """;

    [Test]
    public async Task Orders_on_both_targets_succeed_and_no_worker_calls_with_its_own_credentials()
    {
        var stack = await published.NewStackAsync();
        await published.SubmitAsync(
            stack, "run-1", PublishedAwsFixture.Order(stack, "on-lambda", "lambda", "ls main.tf"),
            PublishedAwsFixture.Order(stack, "on-codebuild", "codebuild", "ls main.tf", "on-lambda"));
        await Assert.That(await published.DoneAsync(stack, "run-1")).Contains("\"succeeded\":2");
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);

        string[] workers = [stack.Work, $"build:{stack.Project}"];
        await Assert.That(published.Aws.Calls.Calls().Count(call => workers.Contains(call.Caller))).IsEqualTo(0);
        await Assert.That(published.Aws.Calls.Calls().Count(call => call.Signer == stack.Orchestrate && call.Operation == "GetObject") >= 8)
            .IsTrue();
    }

    [Test]
    public async Task A_hostile_order_reads_nothing_of_another_order_and_reports_for_nobody_else()
    {
        var stack = await published.NewStackAsync(isAttacked: true);
        await published.Aws.Api.CallAsync("ssm", "PutParameter", new JsonObject
        {
            ["Name"] = $"/{stack.Prefix}/jobs/victim-pass",
            ["Type"] = "SecureString",
            ["Value"] = Pass,
        });
        using var history = new RunHistory();
        var victim = history.Order(stack, "victim", "codebuild", "while ! test -e go; do sleep 0.1; test -e \"$GO\" && touch go; done");
        using var folder = new TempFolder();
        var gate = folder["gate"];
        (victim["ssm_paths"], victim["env_vars"]) = (new JsonArray($"/{stack.Prefix}/jobs/victim-pass"), new JsonObject { ["GO"] = gate });
        var neighbour = PublishedAwsFixture.Order(stack, "neighbour", "codebuild", "true", "attacker");
        var attacker = PublishedAwsFixture.Order(stack, "attacker", "codebuild", Hostile);
        try
        {
            await published.SubmitAsync(stack, "victim", victim);
            await published.Aws.UntilAsync(() => history.Beginnings("victim") == 1, PublishedAwsFixture.Soon, "the victim runs");
            await published.SubmitAsync(stack, "attack", attacker, neighbour);
            await published.DoneAsync(stack, "attack");
        }
        finally
        {
            await File.WriteAllTextAsync(gate, "");
        }

        await Assert.That(await published.DoneAsync(stack, "victim")).Contains("\"succeeded\":1");
        var log = (string)(await published.ResultAsync(stack, "attack", "0001"))["log"]!;
        var attempts = log.Split('\n').Select(line => line.Split(' ')).Where(words => words.Length == 2)
            .ToDictionary(words => words[0], words => words[1]);
        await Assert.That(attempts["own-key-file"]).IsEqualTo("200");
        await Assert.That(attempts.Count).IsEqualTo(1 + 10 + 7).Because(log);
        foreach (var (attempt, status) in attempts.Where(attempt => attempt.Key != "own-key-file"))
        {
            // 403 of S3, and 400 of services that speak JSON: access denied.
            await Assert.That(status is "403" or "400").IsTrue().Because($"{attempt}: {status}\n{log}");
        }

        await Assert.That(log).DoesNotContain(Pass);
    }

    [Test]
    [Arguments("lambda")]
    [Arguments("codebuild")]
    public async Task An_order_that_is_asked_to_stop_ends_its_commands_and_reports(string target)
    {
        var stack = await published.NewStackAsync();
        using var history = new RunHistory();
        await published.SubmitAsync(
            stack, "run-1", history.Order(stack, "long", target, "trap 'echo asked; exit 7' INT; for i in $(seq 600); do sleep 0.1; done"));
        await published.Aws.UntilAsync(() => history.Beginnings("long") == 1, PublishedAwsFixture.Soon, "the order runs");
        await published.Aws.Api.S3Async(
            HttpMethod.Put, $"/{stack.InternalBucket}/tmp/stop/run-1/0001",
            """{"status":"failed","failure_reason":"cancelled"}"""u8.ToArray());

        await published.DoneAsync(stack, "run-1");
        var result = await published.ResultAsync(stack, "run-1", "0001");
        await Assert.That((string)result["failure_reason"]!).IsEqualTo("cancelled");
        await Assert.That((string)result["log"]!).Contains("asked");
    }
}
