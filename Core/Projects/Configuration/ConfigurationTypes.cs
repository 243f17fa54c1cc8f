using System.Text.Json;
using System.Text.Json.Nodes;
using IacCi.Core.Jobs;
using IacCi.Core.Jobs.Fields;
using IacCi.Core.Jobs.Parsing;
using IacCi.Core.Text;

namespace IacCi.Core.Projects.Configuration;

/// <summary>A time with its unit: <c>45m</c>, <c>1h30m</c>, <c>1d</c>.</summary>
internal sealed class DurationType(TimeSpan min, TimeSpan max) : FieldType
{
    public override object? Read(NodeRef node, JobContext context, Diagnostics diagnostics)
    {
        var range = $"a time from {DurationText.Of(min)} to {DurationText.Of(max)}, such as 45m or 1h30m";
        if (node.Node is not ScalarNode { Kind: ScalarKind.Text } scalar || !ConfigurationRules.Duration().IsMatch(scalar.Text))
        {
            var found = node.Node is ScalarNode { Kind: ScalarKind.Text } text ? Diagnostics.Quote(text.Text) : node.Node.Description;
            diagnostics.Add(node, $"must be {range}; found {found}");
            return null;
        }

        var time = TimeSpan.FromSeconds(WrittenTime.Seconds(scalar.Text) ?? 0);
        if (time < min || time > max)
        {
            diagnostics.Add(node, $"must be {range}; found {scalar.Text}");
        }

        return time;
    }

    public override JsonObject Schema() => new() { ["type"] = "string", ["pattern"] = ConfigurationRules.DurationPattern };

    public override void Write(Utf8JsonWriter writer, object value) =>
        writer.WriteStringValue($"{(long)((TimeSpan)value).TotalSeconds}s");
}

/// <summary>The settings of projects by patterns.</summary>
internal sealed class ProjectsType : FieldType
{
    public const string Reference = "#/$defs/project";

    public override object? Read(NodeRef node, JobContext context, Diagnostics diagnostics)
    {
        if (node.Node is not MapNode map)
        {
            diagnostics.Add(node, $"must be a map of patterns and settings, such as infra/**: {{}}; found {node.Node.Description}");
            return null;
        }

        if (map.Members.Count > ConfigurationLimits.MaxPatterns)
        {
            diagnostics.Add(
                node, $"has {Plural.Number(map.Members.Count)} patterns; use at most {Plural.Number(ConfigurationLimits.MaxPatterns)}");
            return null;
        }

        Duplicates.Report(node, diagnostics);
        List<ProjectRule> rules = [];
        foreach (var member in map.Members)
        {
            var path = node.Path.Field(member.Key);
            var pattern = FolderPattern.Parse(member.Key, out var wrong);
            wrong ??= Printable.Is(member.Key) ? null : "holds a line break, a control or an invisible character; remove it";
            if (wrong is not null)
            {
                diagnostics.Add(path, member.Line, member.Column, wrong);
            }

            var settings = member.Value is ScalarNode { Kind: ScalarKind.Null }
                ? new ProjectSettings()
                : ConfigurationFields.Project.Read(new NodeRef(member.Value, path), context, diagnostics);
            if (pattern is not null && settings is not null)
            {
                rules.Add(new ProjectRule(pattern, settings, member.Line));
            }
        }

        return rules;
    }

    public override JsonObject Schema() => new()
    {
        ["type"] = "object",
        ["propertyNames"] = new JsonObject { ["minLength"] = 1, ["maxLength"] = FolderPattern.MaxLength, ["pattern"] = @"^[^/\\][^\\]*$" },
        ["maxProperties"] = ConfigurationLimits.MaxPatterns,
        ["additionalProperties"] = new JsonObject
        {
            ["anyOf"] = new JsonArray(new JsonObject { ["$ref"] = Reference }, new JsonObject { ["type"] = "null" }),
        },
    };

    public override void Write(Utf8JsonWriter writer, object value) => throw new NotSupportedException("a configuration is only read");
}

/// <summary>A step: a word for one that is built in, or <c>{run: command}</c>.</summary>
internal sealed class StepType : FieldType
{
    private static readonly string[] BuiltIn = ["init", "validate", "plan", "apply"];

    private static readonly CommandType Command = new();

    public override object? Read(NodeRef node, JobContext context, Diagnostics diagnostics)
    {
        switch (node.Node)
        {
            case ScalarNode { Kind: ScalarKind.Text } word when BuiltIn.Contains(word.Text):
                return new Step(word.Text, null);
            case ScalarNode { Kind: ScalarKind.Text } word:
                var guess = Spelling.Nearest(word.Text, BuiltIn) is { } near ? $"did you mean {near}?"
                    : $"built in are {string.Join(", ", BuiltIn)}; write {{run: ...}} for a command";
                diagnostics.Add(node, $"{Diagnostics.Quote(word.Text)} is not a step; {guess}");
                return null;
            case MapNode { Members: [{ Key: "run" }], Duplicates.Count: 0 }:
                return Command.Read(node.Field("run"), context, diagnostics) is string command ? new Step(null, command) : null;
            default:
                diagnostics.Add(node, $"must be a word ({string.Join(", ", BuiltIn)}) or {{run: command}}; found {node.Node.Description}");
                return null;
        }
    }

    public override JsonObject Schema() => new()
    {
        ["anyOf"] = new JsonArray(
            new JsonObject { ["enum"] = new JsonArray([.. BuiltIn.Select(word => (JsonNode)word)]) },
            new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { ["run"] = Command.Schema() },
                ["required"] = new JsonArray("run"),
                ["additionalProperties"] = false,
            }),
    };

    public override void Write(Utf8JsonWriter writer, object value) => writer.WriteStringValue(((Step)value).ToString());
}

/// <summary>What an apply needs: a word, or <c>{approvals: 2}</c>.</summary>
internal sealed class NeedType : FieldType
{
    private const string Approvals = "approvals";

    private static readonly string[] Words = [Approvals, "codeowners", "checks"];

    private static readonly NumberType Count = new(1, 10, "");

    public override object? Read(NodeRef node, JobContext context, Diagnostics diagnostics)
    {
        switch (node.Node)
        {
            case ScalarNode { Kind: ScalarKind.Text } word when Words.Contains(word.Text):
                return new ApplyNeed(word.Text);
            case MapNode { Members: [{ Key: Approvals }], Duplicates.Count: 0 }:
                return Count.Read(node.Field(Approvals), context, diagnostics) is int count ? new ApplyNeed(Approvals, count) : null;
            case ScalarNode { Kind: ScalarKind.Text } word when Spelling.Nearest(word.Text, Words) is { } near:
                diagnostics.Add(node, $"{Diagnostics.Quote(word.Text)} is nothing that an apply can need; did you mean {near}?");
                return null;
            default:
                diagnostics.Add(node, $"must be codeowners, checks or {{approvals: 2}}; found {node.Node.Description}");
                return null;
        }
    }

    public override JsonObject Schema() => new()
    {
        ["anyOf"] = new JsonArray(
            new JsonObject { ["enum"] = new JsonArray([.. Words.Select(word => (JsonNode)word)]) },
            new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { [Approvals] = Count.Schema() },
                ["required"] = new JsonArray(Approvals),
                ["additionalProperties"] = false,
            }),
    };

    public override void Write(Utf8JsonWriter writer, object value) => writer.WriteStringValue(((ApplyNeed)value).Word);
}

/// <summary>Secrets of each step; a bare list is for the apply alone.</summary>
internal sealed class SecretsType : FieldType
{
    private static readonly RecordType<ProjectSecrets> Map = new(ConfigurationFields.Secrets, "#/$defs/secrets");

    public override object? Read(NodeRef node, JobContext context, Diagnostics diagnostics) => node.Node is ListNode
        ? ConfigurationFields.Locations.Read(node, context, diagnostics) is IReadOnlyList<string> apply
            ? new ProjectSecrets { Apply = apply }
            : null
        : Map.Read(node, context, diagnostics);

    public override JsonObject Schema() => new() { ["anyOf"] = new JsonArray(ConfigurationFields.Locations.Schema(), Map.Schema()) };

    public override void Write(Utf8JsonWriter writer, object value) => Map.Write(writer, value);
}
