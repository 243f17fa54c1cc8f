using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>
/// tests/deploy/calls.json lists what each role calls; rights are held against it. All tests before this one have called what they needed,
/// and the door of the emulated AWS has seen it. <c>./build.sh golden</c> writes the list anew.
/// </summary>
[Category("Emulated")]
[NotInParallel(PublishedAwsFixture.Turns, Order = int.MaxValue)]
[ClassDataSource<PublishedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class CallsTests(PublishedAwsFixture published)
{
    /// <summary>Fewer deployments than that: only some of the tests were asked for.</summary>
    private const int MinStacks = 40;


    private static readonly JsonSerializerOptions Options =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string Listed => Path.Join(Repository.Root, "tests", "deploy", "calls.json");

    [Test]
    public async Task The_list_of_calls_is_what_was_called()
    {
        published.Require();
        Skip.When(published.Stacks.Count < MinStacks, "it takes the calls of all tests on the published executable");
        var seen = published.Stacks.SelectMany(stack => CallNames.Of(published.Aws.Calls, stack))
            .Where(call => !IsBroken(call.On))
            .ToHashSet();
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(Listed, Written(JsonNode.Parse(await File.ReadAllTextAsync(Listed))!.AsObject(), seen));
        }

        var list = JsonNode.Parse(await File.ReadAllTextAsync(Listed))!.AsObject();
        var listed = list.Where(role => role.Value is JsonArray)
            .SelectMany(role => role.Value!.AsArray().Select(call => (Role: role.Key, Operation: (string)call![0]!, On: (string)call[1]!,
                IsRare: call.AsArray().Count > 2)))
            .ToList();

        await Assert.That(seen.Except(listed.Select(call => (call.Role, call.Operation, call.On)))).IsEmpty();
        await Assert.That(listed.Where(call => !call.IsRare).Select(call => (call.Role, call.Operation, call.On)).Except(seen)).IsEmpty();
    }

    /// <summary>What a test named that is not there, so that it is refused.</summary>
    private static bool IsBroken(string on) =>
        on.Contains("nowhere", StringComparison.Ordinal) || on.Contains("/nobody/", StringComparison.Ordinal)
            || on.EndsWith("other.zip", StringComparison.Ordinal);

    /// <summary>The list with what was seen, and with what it says of calls that are too rare to be seen each time.</summary>
    private static string Written(JsonObject before, HashSet<(string Role, string Operation, string On)> seen)
    {
        var text = new StringBuilder("{\n");
        text.Append("  \"//\": ").Append(Json(before["//"]!)).Append(",\n");
        foreach (var role in before.Where(role => role.Value is JsonArray))
        {
            var rare = role.Value!.AsArray()
                .Where(call => call!.AsArray().Count > 2)
                .Select(call => (Operation: (string)call![0]!, On: (string)call[1]!, Line: Json(call)))
                .ToList();
            var lines = seen.Where(call => call.Role == role.Key && !rare.Any(r => (r.Operation, r.On) == (call.Operation, call.On)))
                .Select(call => Json(new JsonArray(call.Operation, call.On)))
                    .Concat(rare.Select(r => r.Line))
                    .Order(StringComparer.Ordinal);
            Append(text, role.Key, lines, "  ").Append(",\n");
        }

        text.Append("  \"platform\": {\n    \"//\": ").Append(Json(before["platform"]!["//"]!));
        foreach (var role in before["platform"]!.AsObject().Where(role => role.Value is JsonArray))
        {
            Append(text.Append(",\n"), role.Key, role.Value!.AsArray().Select(call => Json(call!)), "    ");
        }

        return text.Append("\n  }\n}\n").ToString();
    }

    private static StringBuilder Append(StringBuilder text, string role, IEnumerable<string> lines, string indent) =>
        text.Append(indent)
            .Append(Json(role))
            .Append(": [\n")
            .AppendJoin(",\n", lines.Select(line => $"{indent}  {line}"))
            .Append('\n')
            .Append(indent)
            .Append(']');

    private static string Json(JsonNode node) => node.ToJsonString(Options).Replace("\",\"", "\", \"", StringComparison.Ordinal);
}
