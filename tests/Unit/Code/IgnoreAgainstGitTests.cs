using IacCi.Core.Archives;
using IacCi.Core.Code;

namespace IacCi.Tests.Unit.Code;

/// <summary>Git itself says what is right: <c>git ls-files --others --exclude-standard</c> on random trees with random patterns.</summary>
internal sealed class IgnoreAgainstGitTests
{
    private const int Trees = 250;
    private const int Seed = 20_260;

    private static readonly string[] Files =
    [
        "a", "b", "foo", "foo.txt", "bar/foo", "bar/a", "bar/baz/foo", "bar/baz/b.txt", "bar/baz/qux/a", "foobar/a", "fooxbar", "fo/o/bar",
        "a b", "a ", "é",
        "x/é.txt", "#hash", "!bang", "a[1]", "a1", "a-", "back\\slash", "x/y/z/foo.log", "x/y/foo.log", "x/.hidden", ".hidden",
        "dir/sub/keep", "dir/drop", "A", "Z9", "foo/ish/a",
    ];

    private static readonly string[] Pieces =
    [
        "a", "b", "foo", "bar", "baz", "*", "**", "***", "?", "/", "/", "/**/", "**/", "/**", ".txt", ".log", "x", "y", "é", " ", "\\ ",
        "\\", "\\*", "[", "]", "[a-z]", "[!a]",
        "[^b]", "[]a]", "[a-]", "[[:alpha:]]", "[[:digit:]1]", "[[:nope:]]", "[:", "[\\]a]", "[a-\\z]", "[+--]", "#", "!", "1", "dir",
        "sub", "keep", "-", "\\[", "\\/", "\t",
    ];

    private static readonly string[] Starts = ["", "", "", "!", "/", "\\", "#"];

    private static readonly string[] Ends = ["", "", "", "/", " ", "  ", "\\ ", "\r", "/ ", "//"];

    [Test]
    public async Task The_same_files_are_left_out_as_git_leaves_out()
    {
        var random = new Random(Seed);
        using var folder = new TempFolder();
        foreach (var file in Files.Where(file => file != "foo/ish/a"))
        {
            folder.With(file);
        }

        folder.WithLink("link", "bar").Git("init", "-q");
        var wrong = new List<string>();
        for (var i = 0; i < Trees; i++)
        {
            var (top, bar, x, exclude) = (Lines(random), Lines(random), Lines(random), Lines(random));
            folder.With(".gitignore", top).With("bar/.gitignore", bar).With("x/y/.gitignore", x).With(".git/info/exclude", exclude);
            var git = folder.Git("ls-files", "-z", "--others", "--exclude-standard").Split('\0', StringSplitOptions.RemoveEmptyEntries);
            var ours = FolderWalk.List(folder.Path, null, (_, _) => { }).Entries.Where(entry => entry.Kind != EntryKind.Folder)
                .Select(entry => entry.Path);
            var differ = git.Except(ours).Select(path => "+" + path).Concat(ours.Except(git).Select(path => "-" + path)).ToArray();
            if (differ.Length > 0)
            {
                wrong.Add($"{string.Join(' ', differ)} with " +
                    $"{System.Text.Json.JsonSerializer.Serialize(new[] { top, bar, x, exclude }, TestJson.Default.StringArray)}");
            }
        }

        await Assert.That(string.Join("\n", wrong)).IsEqualTo("");
    }

    private static string Lines(Random random) => string.Join('\n', Enumerable.Range(0, random.Next(1, 7)).Select(_ => Line(random)));

    private static string Line(Random random) =>
        One(random, Starts) + string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => One(random, Pieces))) + One(random, Ends);

    private static string One(Random random, string[] from) => from[random.Next(from.Length)];

    [Test]
    public async Task A_pattern_made_to_be_slow_is_not()
    {
        using var folder = new TempFolder();
        folder.With(new string('a', 200)).With(
            ".gitignore", string.Concat(Enumerable.Repeat("*a", 100)) + "b\n" + string.Concat(Enumerable.Repeat("**/", 100)) + "b");
        await Assert.That(FolderWalk.List(folder.Path, null, (_, _) => { }).Entries.Count).IsEqualTo(2);
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string[]))]
internal sealed partial class TestJson : System.Text.Json.Serialization.JsonSerializerContext;
