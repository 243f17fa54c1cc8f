using System.Text.Json.Nodes;
using IacCi.Commands;
using IacCi.Emulated.Stacks;
using IacCi.Tests.EndToEnd.Aws;

namespace IacCi.Tests.EndToEnd.Documents;

/// <summary>What documents and help tell to do on AWS, done on the emulated one.</summary>
[Category("Emulated")]
[NotInParallel(PublishedAwsFixture.Turns)]
[ClassDataSource<PublishedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class DocumentsOnAwsTests(PublishedAwsFixture published)
{
    private const int Timeout = 600;

    private const string RunId = "0b6c8f4e-8a52-4d0e-9a55-1c35f6a0b1de";

    [Test]
    public async Task Every_command_of_the_operations_page_runs()
    {
        var stack = await published.NewStackAsync();
        using var folder = Ready(stack);
        await published.SubmitAsync(stack, RunId, PublishedAwsFixture.Order(stack, "vpc", "lambda", "echo made"));
        await published.DoneAsync(stack, RunId);
        await folder.RunAsync("aws ecr create-repository --repository-name iac-ci");
        foreach (var block in Pages.Blocks.Where(block => block.Language is "sh" or "console" && DocumentTests.OnAws.Contains(block.File)))
        {
            foreach (var line in block.Commands.Where(line => !DocumentTests.NotHere.Keys.Any(beginning => line.StartsWith(beginning,
                StringComparison.Ordinal))))
            {
                await folder.RunAsync(
                    line.Replace("RUN", RunId, StringComparison.Ordinal).Replace("ORDER", "vpc", StringComparison.Ordinal));
            }
        }
    }

    [Test]
    public async Task Every_example_of_the_help_of_a_role_runs()
    {
        var stack = await published.NewStackAsync();
        using var folder = Ready(stack);
        var go = folder["go"];
        var waits = PublishedAwsFixture.Order(stack, "cluster", "lambda", $"until [ -e {go} ]; do sleep 0.1; done", "vpc");
        waits["timeout"] = Timeout;
        await published.SubmitAsync(stack, RunId, PublishedAwsFixture.Order(stack, "vpc", "lambda", "true"), waits);
        await published.Aws.UntilAsync(
            () => published.Aws.Functions.Invocations(stack.Work).Count > 0, PublishedAwsFixture.Soon, "the first order has run");

        // The run goes on, and its first order has ended: the worker of the example finds its claim taken, and runs nothing.
        folder.With("order.json", published.Aws.Functions.Invocations(stack.Work)[0].Payload);
        folder.With("watch.json", new JsonObject
        {
            ["run_id"] = RunId,
            ["order_num"] = "0002",
            ["timeout"] = Timeout,
            ["start_time"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(),
            ["internal_bucket"] = stack.InternalBucket,
        }.ToJsonString());
        folder.With(
            "request.json",
            PublishedAwsFixture.Request("by-hand", PublishedAwsFixture.Job(PublishedAwsFixture.Order(stack, "dns", "lambda", "true")))
                .ToJsonString());
        foreach (var command in DocumentTests.Leaves(Cli.Root()).Where(command => command is RoleCommand))
        {
            var examples = DocumentTests.ExamplesOf(command);
            await Assert.That(examples).IsNotEmpty().Because(command.Name);
            foreach (var line in examples)
            {
                await folder.RunAsync(line);
            }
        }

        folder.With("go", "");
        await published.DoneAsync(stack, RunId);
        await published.DoneAsync(stack, "by-hand");
    }

    private Folder Ready(Deployment stack)
    {
        var folder = new Folder();
        foreach (var (name, value) in published.Aws.Variables.Concat(stack.Variables))
        {
            folder.Environment[name] = value;
        }

        return folder;
    }
}
