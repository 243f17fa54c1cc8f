using System.Text;
using YamlDotNet.RepresentationModel;

namespace IacCi.Emulated.Builds;

/// <summary>The part of a buildspec that runs: its variables and the commands of its phases, as one bash script.</summary>
/// <remarks>https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html</remarks>
internal sealed record Buildspec(
    IReadOnlyDictionary<string, string> Variables, IReadOnlyList<(string Phase, IReadOnlyList<string> Commands)> Phases)
{
    private static readonly string[] Order = ["install", "pre_build", "build", "post_build"];

    /// <exception cref="FormatException">It is not a buildspec.</exception>
    public static Buildspec Parse(string yaml)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(yaml));
        }
        catch (YamlDotNet.Core.YamlException bad)
        {
            throw new FormatException($"YAML_FILE_ERROR: {bad.Message}", bad);
        }

        if (stream.Documents.Count == 0 || stream.Documents[0].RootNode is not YamlMappingNode root
            || Child(root, "phases") is not YamlMappingNode phases)
        {
            throw new FormatException("YAML_FILE_ERROR: a buildspec needs a version and phases");
        }

        var variables = Child(Child(root, "env") as YamlMappingNode, "variables") as YamlMappingNode;
        return new Buildspec(
            variables?.Children.ToDictionary(c => Text(c.Key), c => Text(c.Value)) ?? [],
            [.. Order.Select(name => (name, Commands(Child(phases, name) as YamlMappingNode))).Where(p => p.Item2.Count > 0)]);
    }

    /// <summary>
    /// Writes the phase in which a command failed, and the command's exit code, to a file. After a failed build phase post_build still
    /// runs.
    /// </summary>
    public string Script(string statusFile)
    {
        var script = new StringBuilder("export CODEBUILD_BUILD_SUCCEEDING=1\n__failed=\n");
        foreach (var (phase, commands) in Phases)
        {
            var name = phase.ToUpperInvariant();
            var condition = phase == "post_build" ? "[ -z \"$__failed\" ] || [ \"$__failed\" = BUILD ]" : "[ -z \"$__failed\" ]";
            foreach (var (command, index) in commands.Select((c, i) => (c, i)))
            {
                // The commands of a phase stop at the first that fails; they share one shell.
                var guard = index == 0 ? condition : $"[ \"$__phase\" = {name} ]";
                script.Append($"if {guard}; then __phase={name}; echo '[Container] Running command '{Quote(command)}\n{command}\n")
                    .Append($"__rc=$?; if [ $__rc -ne 0 ]; then [ -n \"$__failed\" ] || " +
                        $"{{ echo \"{name} $__rc\" > {Quote(statusFile)}; __failed={name}; }}; export CODEBUILD_BUILD_SUCCEEDING=0; " +
                            $"__phase=; fi\nfi\n");
            }
        }

        return script.Append("[ -z \"$__failed\" ]\n").ToString();
    }

    private static List<string> Commands(YamlMappingNode? phase) => Child(phase, "commands") switch
    {
        YamlSequenceNode list => [.. list.Select(Text)],
        YamlScalarNode one => [Text(one)],
        _ => [],
    };

    private static YamlNode? Child(YamlMappingNode? node, string name) =>
        node is not null && node.Children.TryGetValue(new YamlScalarNode(name), out var child) ? child : null;

    private static string Text(YamlNode node) => (node as YamlScalarNode)?.Value ?? "";

    private static string Quote(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
