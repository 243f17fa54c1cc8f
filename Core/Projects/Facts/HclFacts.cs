using IacCi.Core.Projects.Hcl;

namespace IacCi.Core.Projects.Facts;

/// <summary>Reads what <c>*.tf</c> and <c>terragrunt.hcl</c> say.</summary>
internal static class HclFacts
{
    public static FileFacts OfTerraform(ReadOnlySpan<byte> content)
    {
        var file = HclFile.Read(content);
        var facts = new FactCollector();
        foreach (var block in file.Body.Blocks)
        {
            switch (block.Type)
            {
                case "terraform":
                    AddTerraform(file, block.Body, facts);
                    break;
                case "module":
                    AddModule(file, block, facts);
                    break;
                case "provider":
                    facts.HasProviders = true;
                    break;
                default:
                    AddPathAttributes(file, block.Body, facts);
                    break;
            }
        }

        facts.AddCalls(file, line: null);
        return facts.Facts(file.Error);
    }

    /// <summary>
    /// Of Terragrunt (https://terragrunt.gruntwork.io/docs/reference/hcl/blocks/): its source, which is a module, and its dependencies.
    /// </summary>
    public static FileFacts OfTerragrunt(ReadOnlySpan<byte> content)
    {
        var file = HclFile.Read(content);
        var facts = new FactCollector();
        var isUnit = false;
        foreach (var block in file.Body.Blocks)
        {
            switch (block.Type)
            {
                case "terraform":
                    isUnit = true;
                    AddSource(file, block, facts);
                    break;
                case "dependency":
                    AddDependency(file, block, facts);
                    break;
                case "dependencies" when file.Find(block.Body, "paths") is { } paths:
                    AddDependencies(file, paths, facts);
                    break;
                default:
                    break;
            }
        }

        facts.AddCalls(file, line: null);
        return facts.Facts(file.Error, isUnit);
    }

    private static void AddTerraform(HclFile file, HclBody body, FactCollector facts)
    {
        if (HclLiteral.TextOf(file, file.Find(body, "required_version")) is { } constraint)
        {
            facts.VersionConstraints.Add(constraint);
        }

        foreach (var block in body.Blocks)
        {
            switch (block.Type)
            {
                case "backend":
                    facts.Backend = block.Labels is [var kind, ..] ? kind : "";
                    break;
                case "cloud":
                    facts.CloudLine = file.Line(block.Name);
                    break;
                case "required_providers":
                    facts.HasProviders = true;
                    break;
                default:
                    break;
            }
        }
    }

    private static void AddModule(HclFile file, HclBlock block, FactCollector facts)
    {
        if (file.Find(block.Body, "source") is { } source)
        {
            facts.Modules.Add(new ModuleCall(
                block.Labels is [var name, ..] ? name : "", HclLiteral.TextOf(file, source),
                HclLiteral.TextOf(file, file.Find(block.Body, "version")), file.Line(source.Name)));
        }
    }

    private static void AddSource(HclFile file, HclBlock block, FactCollector facts)
    {
        if (file.Find(block.Body, "source") is { } source)
        {
            var text = HclLiteral.TextOf(file, source)?.Replace("//", "/", StringComparison.Ordinal);
            facts.Modules.Add(new ModuleCall("terraform", text, null, file.Line(source.Name)));
        }
    }

    private static void AddDependency(HclFile file, HclBlock block, FactCollector facts)
    {
        if (HclLiteral.TextOf(file, file.Find(block.Body, "config_path")) is { } path)
        {
            facts.Dependencies.Add(path);
        }
    }

    private static void AddDependencies(HclFile file, HclAttribute paths, FactCollector facts)
    {
        for (var token = paths.First; token < paths.End; token++)
        {
            if (HclLiteral.At(file, token) is { Base: LiteralBase.None } path)
            {
                facts.Dependencies.Add(path.Text);
                token = path.End;
            }
        }
    }

    private static void AddPathAttributes(HclFile file, HclBody body, FactCollector facts)
    {
        foreach (var attribute in body.Attributes)
        {
            if (FactCollector.PathAttributes.Any(name => file.IsName(attribute.Name, name)))
            {
                facts.AddPath(HclLiteral.Of(file, attribute), file.Line(attribute.Name));
            }
        }

        foreach (var block in body.Blocks)
        {
            AddPathAttributes(file, block.Body, facts);
        }
    }
}
