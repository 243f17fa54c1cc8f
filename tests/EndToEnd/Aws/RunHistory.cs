using IacCi.Emulated.Stacks;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>A file that orders write to: what really ran, in which order, seen from outside.</summary>
internal sealed class RunHistory : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    /// <summary>What was written so far.</summary>
    internal IReadOnlyList<string> Lines => File.ReadAllLines(path);

    /// <summary>An order that notes that it begins, does something, and notes that it ends.</summary>
    internal System.Text.Json.Nodes.JsonObject Order(
        Deployment stack, string name, string target, string command, params string[] dependencies) =>
        PublishedAwsFixture.Order(
            stack, name, target, $"echo 'begin {name}' >> {path}; {command} && echo 'end {name}' >> {path}", dependencies);

    /// <summary>How often an order began.</summary>
    internal int Beginnings(string name) => Lines.Count(line => line == $"begin {name}");

    /// <inheritdoc/>
    public void Dispose() => File.Delete(path);
}
