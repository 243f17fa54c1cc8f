using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IacCi.Tests.Unit.Jobs;

/// <summary>A validator of JSON Schema that is other people's (tests/peers).</summary>
internal static class Ajv
{
    /// <summary>Which of the documents a schema accepts.</summary>
    public static async Task<bool[]> AskAsync(JsonNode schema, IReadOnlyList<string> documents)
    {
        var folder = Environment.GetEnvironmentVariable("IAC_CI_TEST_PEERS") ?? Path.Join(Repository.Root, "tests", "peers");
        var start = new ProcessStartInfo("node", [Path.Join(folder, "schema.mjs")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        using var node = Process.Start(start)!;
        var question = new JsonObject
        {
            ["schema"] = schema.DeepClone(),
            ["documents"] = new JsonArray([.. documents.Select(text => JsonNode.Parse(text))]),
        };
        var answer = node.StandardOutput.ReadToEndAsync(late.Token);
        await node.StandardInput.BaseStream.WriteAsync(Encoding.UTF8.GetBytes(question.ToJsonString()), late.Token);
        node.StandardInput.Close();
        await node.WaitForExitAsync(late.Token);
        return node.ExitCode == 0
            ? [.. JsonDocument.Parse(await answer).RootElement.EnumerateArray().Select(verdict => verdict.GetBoolean())]
            : throw new InvalidOperationException(
                $"node ended with {node.ExitCode}: is there a node_modules in {folder}? Else run 'npm ci' there");
    }
}
