using IacCi.Core.Jobs.Parsing;
using IacCi.Core.Projects.Hcl;

namespace IacCi.Core.Projects.Facts;

/// <summary>Reads what <c>*.tf.json</c> says (https://developer.hashicorp.com/terraform/language/syntax/json).</summary>
internal static class JsonFacts
{
    public static FileFacts Of(ReadOnlySpan<byte> content)
    {
        var facts = new FactCollector();
        try
        {
            Add(JsonNodes.Read(content.StartsWith("\uFEFF"u8) ? content[3..] : content), facts);
            return facts.Facts(error: null);
        }
        catch (JobSyntaxException wrong)
        {
            return facts.Facts(new HclError(wrong.Line, wrong.Column, wrong.Message));
        }
    }

    private static void Add(Node root, FactCollector facts)
    {
        foreach (var member in Members(root))
        {
            switch (member.Key)
            {
                case "terraform":
                    AddTerraform(member.Value, facts);
                    break;
                case "module":
                    AddModules(member.Value, facts);
                    break;
                case "provider":
                    facts.HasProviders = true;
                    break;
                default:
                    break;
            }
        }

        AddTexts("", root, facts);
    }

    private static void AddTerraform(Node terraform, FactCollector facts)
    {
        foreach (var member in Members(terraform))
        {
            switch (member.Key)
            {
                case "backend":
                    facts.Backend = Members(member.Value).Select(backend => backend.Key).FirstOrDefault("");
                    break;
                case "cloud":
                    facts.CloudLine = member.Line;
                    break;
                case "required_providers":
                    facts.HasProviders = true;
                    break;
                case "required_version" when Literal(member.Value) is { } constraint:
                    facts.VersionConstraints.Add(constraint);
                    break;
                default:
                    break;
            }
        }
    }

    private static void AddModules(Node modules, FactCollector facts)
    {
        foreach (var module in Members(modules))
        {
            foreach (var source in Members(module.Value).Where(member => member.Key == "source"))
            {
                var version = Members(module.Value).Where(member => member.Key == "version").Select(member => Literal(member.Value));
                facts.Modules.Add(new ModuleCall(module.Key, Literal(source.Value), version.FirstOrDefault(), source.Line));
            }
        }
    }

    /// <summary>Every text may be a template with calls in it.</summary>
    private static void AddTexts(string name, Node node, FactCollector facts)
    {
        switch (node)
        {
            case ScalarNode { Kind: ScalarKind.Text } scalar:
                AddText(name, scalar, facts);
                break;
            case ListNode list:
                foreach (var item in list.Items)
                {
                    AddTexts(name, item, facts);
                }

                break;
            case MapNode map when name != "module":
                foreach (var member in map.Members.Concat(map.Duplicates).Where(member => member.Key != "terraform"))
                {
                    AddTexts(member.Key, member.Value, facts);
                }

                break;
            case MapNode modules:
                AddTexts("", new ListNode(modules.Line, modules.Column, [.. modules.Members.SelectMany(module => Members(module.Value)
                    .Where(member => member.Key != "source").Select(member => member.Value))]), facts);
                break;
            default:
                break;
        }
    }

    private static void AddText(string name, ScalarNode scalar, FactCollector facts)
    {
        if (!scalar.Text.Contains("${", StringComparison.Ordinal) && !scalar.Text.Contains("%{", StringComparison.Ordinal))
        {
            if (FactCollector.PathAttributes.Contains(name))
            {
                facts.AddPath(new HclLiteral(LiteralBase.None, scalar.Text, 0), scalar.Line);
            }

            return;
        }

        var template = HclFile.ReadTemplate(scalar.Text);
        if (template.Error is not null)
        {
            facts.Computed.Add(new ComputedPath("a template that cannot be read", scalar.Line));
        }

        facts.AddCalls(template, scalar.Line);
    }

    private static string? Literal(Node node) =>
        node is ScalarNode { Kind: ScalarKind.Text } scalar && !scalar.Text.Contains("${", StringComparison.Ordinal)
            && !scalar.Text.Contains("%{", StringComparison.Ordinal)
        ? scalar.Text
        : null;

    /// <summary>The members of a map, or of the maps of a list: the syntax takes either for blocks.</summary>
    private static IEnumerable<Member> Members(Node node) => node switch
    {
        MapNode map => map.Members.Concat(map.Duplicates),
        ListNode list => list.Items.SelectMany(item => item is MapNode map ? map.Members.Concat(map.Duplicates) : []),
        _ => [],
    };
}
