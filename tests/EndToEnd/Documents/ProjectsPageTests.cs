using System.Text.RegularExpressions;

namespace IacCi.Tests.EndToEnd.Documents;

/// <summary>What docs/projects.md shows is what its commands print, and its settings are valid.</summary>
internal sealed partial class ProjectsPageTests
{
    private const string Page = "docs/projects.md";

    [Test]
    public async Task Commands_print_what_the_page_shows()
    {
        using var folder = new Folder();
        foreach (var block in Pages.Blocks.Where(block => block.File == Page && block.Language is ("sh" or "console")))
        {
            foreach (var command in block.Commands)
            {
                var ended = await folder.RunAsync(command);
                if (block.Language == "console")
                {
                    var shown = string.Join('\n', block.Lines.Skip(1)) + "\n";
                    await Assert.That(Commit().Replace(ended.Output, "COMMIT:")).IsEqualTo(Commit().Replace(shown, "COMMIT:"))
                        .Because($"{block}");
                    await Assert.That(ended.Errors).IsEqualTo("");
                }
            }
        }
    }

    [Test]
    public async Task Settings_of_the_page_and_of_the_example_are_valid()
    {
        using var folder = new Folder();
        foreach (var block in Pages.Blocks.Where(block => block.File == Page && block.Language == "yaml"))
        {
            folder.With(".iac-ci.yaml", block.Text);
            await Assert.That((await folder.RunAsync("iac-ci validate .iac-ci.yaml")).Errors).IsEqualTo("");
        }

        await Assert.That((await folder.RunAsync("iac-ci validate examples/monorepo/.iac-ci.yaml")).Errors).IsEqualTo("");
    }

    [GeneratedRegex("[0-9a-f]{12}:")]
    private static partial Regex Commit();
}
