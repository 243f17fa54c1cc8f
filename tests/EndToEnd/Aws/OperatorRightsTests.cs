using System.Text.RegularExpressions;
using IacCi.Emulated.Front;
using IacCi.Emulated.Stacks;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>docs/operations.md lists the rights that an operator's commands take: the list is held against what they call.</summary>
[Category("Emulated")]
[NotInParallel(PublishedAwsFixture.Turns)]
[ClassDataSource<PublishedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed partial class OperatorRightsTests(PublishedAwsFixture published)
{
    private const string Operator = "tester";

    [Test]
    public async Task Each_command_takes_the_rights_that_are_listed()
    {
        var stack = await published.NewStackAsync();
        using var diary = new RunHistory();
        await published.SubmitAsync(stack, "run-1", diary.Order(stack, "vpc", "lambda", "echo hello"));
        await published.DoneAsync(stack, "run-1");
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);

        var rows = Row().Matches(await File.ReadAllTextAsync(Path.Join(Repository.Root, "docs", "operations.md")));
        await Assert.That(rows.Count).IsGreaterThanOrEqualTo(7);
        foreach (Match row in rows)
        {
            var command = row.Groups["command"].Value;
            var before = published.Aws.Calls.Calls(Operator).Count;
            using var started = published.Start(stack, "", command.Replace("RUN", "run-1", StringComparison.Ordinal).Split(' '));
            var ended = await started.EndAsync();
            await Assert.That(ended.ExitCode).IsEqualTo(0).Because($"{command}: {ended}");

            var taken = published.Aws.Calls.Calls(Operator).Skip(before)
                .SelectMany(call => call.Steps.Select(step => Right(stack, call.Service, step))).Distinct().Order();
            var listed = Columns(row).Distinct().Order();
            await Assert.That(string.Join('\n', taken)).IsEqualTo(string.Join('\n', listed)).Because(command);
        }
    }

    /// <summary>The rights in a row, each with what it is for: the first word of its sentence.</summary>
    private static IEnumerable<string> Columns(Match row) =>
        from Match part in Part().Matches(row.Groups["rights"].Value)
        from Match right in Name().Matches(part.Groups["rights"].Value)
        select $"{part.Groups["what"].Value} {right.Groups["right"].Value}";

    private static string Right(Deployment stack, string service, CallStep step) => (service, step.Operation) switch
    {
        ("dynamodb", var operation) => $"{step.Resource.Replace($"{stack.Prefix}-", "", StringComparison.Ordinal)} dynamodb:{operation}",
        ("s3", "ListObjectsV2") => "bucket s3:ListBucket",
        ("s3", var operation) => $"bucket s3:{operation}",
        ("lambda", "Invoke") => "function lambda:InvokeFunction",
        var (other, operation) => $"{step.Resource} {other}:{operation}",
    };

    [GeneratedRegex(@"^\| `iac-ci (?<command>[^`]+)` \| (?<rights>.*) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("(?<what>[a-z-]+): (?<rights>(?:`[^`]+`(?:, )?)+)")]
    private static partial Regex Part();

    [GeneratedRegex("`(?<right>[^`]+)`")]
    private static partial Regex Name();
}
