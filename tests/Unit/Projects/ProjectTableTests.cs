using IacCi.Core.Projects.Configuration;
using IacCi.Core.Projects.Discovery;
using IacCi.Core.Terminal;
using IacCi.Core.Text;

namespace IacCi.Tests.Unit.Projects;

/// <summary>The table, on terminals of any width and with names of any kind.</summary>
internal sealed class ProjectTableTests
{
    private static readonly Palette Plain = new(false);

    private static readonly Project[] Projects =
    [
        Sample("infra/dev/app@eu"), Sample("infra/dev/app@us"), Sample("infra/prod/a-very-long-name-of-a-folder/and-another-one/日本語"),
        Sample("ev\u001b[31mil\n$(x)\u202e"), Sample("-n"),
    ];

    [Test]
    public async Task Lines_fit_the_terminal_and_hold_nothing_that_moves_the_cursor()
    {
        for (var width = 20; width <= 200; width++)
        {
            var lines = ProjectTable.Of(Projects, width, Plain).ToList();
            await Assert.That(lines.Count).IsEqualTo(Projects.Length + 1);
            await Assert.That(lines.Where(line => TerminalWidth.Of(line) > width || line.Any(c => char.IsControl(c) || c == '\u202e')))
                .IsEmpty();
        }
    }

    [Test]
    public async Task The_table_is_as_people_know_it()
    {
        await Assert.That(string.Join('\n', ProjectTable.Of(Projects[..2], 80, Plain))).IsEqualTo("""
            PROJECT           TOOL       MODULES  TAGS       AFTER
            infra/dev/app@eu  terraform  0        prod, net  infra/prod/vpc
            infra/dev/app@us  terraform  0        prod, net  infra/prod/vpc
            """);
        ChangedProject[] changes = [new(Projects[0], ProjectChange.Touched), new(Projects[1], ProjectChange.Orphaned, "b")];
        await Assert.That(string.Join('\n', ProjectTable.Of(changes, null, Plain))).IsEqualTo("""
            PROJECT           CHANGE                 TOOL       TAGS       AFTER
            infra/dev/app@eu  touched                terraform  prod, net  infra/prod/vpc
            infra/dev/app@us  orphaned (moved to b)  terraform  prod, net  infra/prod/vpc
            """);
    }

    private static Project Sample(string name) => new()
    {
        Name = name,
        Folder = name.Split('@')[0],
        Tool = ProjectTool.Terraform,
        Settings = new ProjectSettings { Tags = ["prod", "net"] },
        After = ["infra/prod/vpc"],
        Inputs = new ProjectInputs { Folders = [name] },
        Digest = "",
    };
}
