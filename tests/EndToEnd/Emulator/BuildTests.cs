using System.Text.Json.Nodes;
using IacCi.Emulated.Builds;
using IacCi.Emulated.Front;
using IacCi.Emulated.Stacks;

namespace IacCi.Tests.EndToEnd.Emulator;

[Category("Emulated")]
[ClassDataSource<EmulatedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class BuildTests(EmulatedAwsFixture emulator)
{
    [Test]
    public async Task A_build_runs_its_buildspec_with_its_variables_and_credentials_of_its_own()
    {
        var stack = await emulator.NewStackAsync();
        var build = await EndedAsync(await StartAsync(stack, ("RUN_ID", "r1")));
        var seen = JsonNode.Parse(build.Log.Single(l => l.StartsWith('{')))!;

        await Assert.That(build.Status).IsEqualTo("SUCCEEDED");
        await Assert.That((string)seen["RUN_ID"]!).IsEqualTo("r1");
        await Assert.That((string)seen["CODEBUILD_BUILD_ID"]!).IsEqualTo(build.Id);
        await Assert.That((string)seen["AWS_ACCESS_KEY_ID"]!).IsNotEqualTo(emulator.Aws.Variables["AWS_ACCESS_KEY_ID"]);
        await Assert.That((string)seen["HOME"]!).IsNotEqualTo(Environment.GetEnvironmentVariable("HOME"));
    }

    [Test]
    public async Task A_failed_command_fails_the_build_and_names_the_phase()
    {
        var stack = await emulator.NewStackAsync();
        var id = await StartAsync(stack, ("EXIT", "7"));
        await EndedAsync(id);
        var build = (
            await emulator.Aws.Api.CallAsync("codebuild", "BatchGetBuilds", new JsonObject { ["ids"] = new JsonArray(id) }))["builds"]![0]!;

        await Assert.That((string)build["buildStatus"]!).IsEqualTo("FAILED");
        await Assert.That((bool)build["buildComplete"]!).IsTrue();
        var phase = build["phases"]!.AsArray().Single(p => (string?)p!["phaseStatus"] == "FAILED")!;
        await Assert.That((string)phase["phaseType"]!).IsEqualTo("BUILD");
        await Assert.That((string)phase["contexts"]![0]!["message"]!).Contains("exit status 7");
    }

    [Test]
    [Arguments("install: {commands: [echo one]}", "build: {commands: ['false', echo two]}", "post_build: {commands: [echo three]}",
        "FAILED", "one three")]
    [Arguments("install: {commands: ['false']}", "build: {commands: [echo two]}", "post_build: {commands: [echo three]}", "FAILED", "")]
    [Arguments("install: {commands: [X=one]}", "build: {commands: [echo $X]}", "post_build: {commands: [echo $CODEBUILD_BUILD_SUCCEEDING]}",
        "SUCCEEDED", "one 1")]
    public async Task Phases_share_a_shell_and_stop_as_CodeBuild_stops_them(
        string install, string build, string post, string status, string said)
    {
        var stack = await emulator.NewStackAsync();
        var ended = await EndedAsync(await StartAsync(stack, $"version: 0.2\nphases:\n  {install}\n  {build}\n  {post}\n"));

        await Assert.That(ended.Status).IsEqualTo(status);
        await Assert.That(string.Join(' ', ended.Log.Where(l => !l.StartsWith('[')))).IsEqualTo(said);
    }

    [Test]
    public async Task Stopping_a_build_ends_its_whole_process_group()
    {
        var stack = await emulator.NewStackAsync();
        var id = await StartAsync(stack, "version: 0.2\nphases:\n  build:\n    commands:\n      - sleep 300 & echo child $!; wait\n");
        await emulator.Aws.UntilAsync(
            () => Find(id).Log.Any(l => l.StartsWith("child ", StringComparison.Ordinal)), EmulatedAwsFixture.Soon, "the build runs");
        await emulator.Aws.Api.CallAsync("codebuild", "StopBuild", new JsonObject { ["id"] = id });

        await Assert.That(Find(id).Status).IsEqualTo("STOPPED");
        var child = int.Parse(Find(id).Log.First(l => l.StartsWith("child ", StringComparison.Ordinal)).Split(' ')[1]);
        await emulator.Aws.UntilAsync(
            () => !EmulatedAwsFixture.IsRunning(child), EmulatedAwsFixture.Soon, "the child of the build is gone");
    }

    [Test]
    public async Task A_build_that_takes_too_long_is_TIMED_OUT()
    {
        var stack = await emulator.NewStackAsync();
        var request = Request(stack, ("SLEEP", "300"));
        request["timeoutInMinutesOverride"] = 5;
        await Assert.That((await EndedAsync(await StartAsync(request))).Status).IsEqualTo("TIMED_OUT");
    }

    [Test]
    public async Task A_token_that_was_used_answers_with_the_same_build_and_refuses_another_request()
    {
        var stack = await emulator.NewStackAsync();
        var first = await StartAsync(Tokened(stack, "1"));
        var again = await StartAsync(Tokened(stack, "1"));

        await Assert.That(again).IsEqualTo(first);
        await Assert.That(async () => await StartAsync(Tokened(stack, "2"))).Throws<AwsApiException>();
        await Assert.That(emulator.Aws.Builds.All(stack.Project).Count).IsEqualTo(1);
    }

    [Test]
    public async Task A_build_whose_machine_is_lost_is_a_FAULT()
    {
        var stack = await emulator.NewStackAsync();
        var id = await StartAsync(stack, ("SLEEP", "300"));
        await emulator.Aws.UntilAsync(() => Find(id).ProcessId != 0, EmulatedAwsFixture.Soon, "the build runs");
        emulator.Aws.Builds.Kill(id);

        await Assert.That((await EndedAsync(id)).Status).IsEqualTo("FAULT");
    }

    [Test]
    public async Task An_unknown_project_is_refused() =>
        await Assert.That(
            async () => await emulator.Aws.Api.CallAsync("codebuild", "StartBuild", new JsonObject { ["projectName"] = "nowhere" }))
            .Throws<AwsApiException>().WithMessageContaining("ResourceNotFoundException");

    private static JsonObject Request(Deployment stack, params (string Name, string Value)[] variables) => new()
    {
        ["projectName"] = stack.Project,
        ["environmentVariablesOverride"] = new JsonArray(
            [.. variables.Select(v => new JsonObject { ["name"] = v.Name, ["value"] = v.Value })]),
    };

    private static JsonObject Tokened(Deployment stack, string value)
    {
        var request = Request(stack, ("X", value));
        request["idempotencyToken"] = stack.Prefix;
        return request;
    }

    private Task<string> StartAsync(Deployment stack, params (string Name, string Value)[] variables) =>
        StartAsync(Request(stack, variables));

    private Task<string> StartAsync(Deployment stack, string buildspec)
    {
        var request = Request(stack);
        request["buildspecOverride"] = buildspec;
        return StartAsync(request);
    }

    private async Task<string> StartAsync(JsonObject request) =>
        (string)(await emulator.Aws.Api.CallAsync("codebuild", "StartBuild", request))["build"]!["id"]!;

    private Build Find(string id) => emulator.Aws.Builds.All().Single(b => b.Id == id);

    private async Task<Build> EndedAsync(string id)
    {
        await emulator.Aws.UntilAsync(() => Find(id).EndedAt is not null, EmulatedAwsFixture.Soon, $"the end of {id}");
        return Find(id);
    }
}
