using System.Text.RegularExpressions;

namespace IacCi.Tests.Unit;

/// <summary>The rooms of Core/, and which room may use which: docs/architecture.md draws them.</summary>
public sealed partial class ArchitectureTests
{
    /// <summary>What each room may use. A room stands below all rooms that use it.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Text"] = [],
        ["Linux"] = ["Text"],
        ["Secrets"] = ["Text"],
        ["Model"] = ["Text"],
        ["Archives"] = ["Linux", "Text"],
        ["Code"] = ["Archives", "Linux", "Text"],
        ["Jobs"] = ["Model", "Secrets", "Text"],
        ["Projects"] = ["Code", "Jobs", "Model", "Text"],
        ["Engine"] = ["Jobs", "Model", "Text"],
        ["Bundles"] = ["Archives", "Code", "Linux", "Model", "Secrets", "Text"],
        ["Worker"] = ["Bundles", "Linux", "Model", "Text"],
        ["Intake"] = ["Bundles", "Code", "Engine", "Jobs", "Model", "Secrets", "Text"],
        ["Reporting"] = ["Engine", "Intake", "Model", "Secrets", "Text"],
        ["Terminal"] = ["Engine", "Jobs", "Linux", "Model", "Projects", "Reporting", "Text"],
        ["Hosts"] = ["Archives", "Bundles", "Code", "Engine", "Intake", "Jobs", "Linux", "Model", "Reporting", "Secrets", "Text", "Worker"],
    };

    private static readonly string Root = Repository.Root;

    private static readonly List<(string Room, string File, string Text)> Sources =
    [
        .. from file in Directory.EnumerateFiles(Path.Join(Root, "Core"), "*.cs", SearchOption.AllDirectories)
           let path = Path.GetRelativePath(Root, file)
           select (path.Split('/')[1], path, File.ReadAllText(file)),
    ];

    private static readonly HashSet<(string From, string To)> Arrows =
    [
        .. from source in Sources
           from Match use in CoreUsing().Matches(source.Text)
           let to = use.Groups[1].Value
           where to != source.Room
           select (source.Room, to),
    ];

    [Test]
    public async Task Each_folder_is_a_room_of_the_plan()
    {
        await Assert.That(Sources.Select(source => source.Room).Distinct().Order()).IsEquivalentTo(Allowed.Keys.Order());
    }

    [Test]
    public async Task A_room_uses_only_what_it_may()
    {
        var forbidden =
            from source in Sources
            from Match use in CoreUsing().Matches(source.Text)
            let to = use.Groups[1].Value
            where to != source.Room && !Allowed[source.Room].Contains(to)
            select $"{source.File} uses {to}";
        await Assert.That(string.Join('\n', forbidden)).IsEqualTo("");
    }

    [Test]
    public async Task No_arrow_is_allowed_that_nothing_needs()
    {
        var idle =
            from room in Allowed
            from to in room.Value
            where !Arrows.Contains((room.Key, to))
            select $"{room.Key} does not use {to}";
        await Assert.That(string.Join('\n', idle)).IsEqualTo("");
    }

    [Test]
    public async Task The_rooms_stand_in_an_order_in_which_arrows_point_down()
    {
        List<string> standing = [];
        foreach (var (room, uses) in Allowed)
        {
            await Assert.That(uses.Except(standing)).IsEmpty().Because($"{room} may use only rooms that stand below it");
            standing.Add(room);
        }
    }

    [Test]
    public async Task The_system_is_called_from_one_room()
    {
        var callers = Sources.Where(source => source.Room != "Linux" && LibcImport().IsMatch(source.Text)).Select(source => source.File);
        await Assert.That(string.Join('\n', callers)).IsEqualTo("");
    }

    [Test]
    public async Task The_page_draws_every_room_and_names_files_that_are_there()
    {
        var page = await File.ReadAllTextAsync(Path.Join(Root, "docs/architecture.md"));
        foreach (var room in Allowed.Keys)
        {
            await Assert.That(page).Contains($"`Core/{room}/`");
        }

        foreach (Match file in NamedFile().Matches(page))
        {
            await Assert.That(Path.Exists(Path.Join(Root, file.Groups[1].Value))).IsTrue().Because(
                $"docs/architecture.md names {file.Groups[1].Value}");
        }
    }

    [GeneratedRegex(@"^using (?:static |\w+ = )?IacCi\.Core\.(\w+)", RegexOptions.Multiline)]
    private static partial Regex CoreUsing();

    [GeneratedRegex(@"Import\((?:""libc""|Libc)")]
    private static partial Regex LibcImport();

    [GeneratedRegex(@"`((?:Core|Commands|tests|docs)/[\w./-]+)`")]
    private static partial Regex NamedFile();
}
