using System.Text.RegularExpressions;

namespace IacCi.Tests.Unit;

/// <summary>What the formatter does not look at: the width of our code, and the order of its usings.</summary>
public sealed partial class SourceStyleTests
{
    private const int MaxColumns = 140;

    /// <summary>Text that stands as it is: between the quotes of a raw string, or one string that fills its line.</summary>
    private static IEnumerable<string> TooLong(string file)
    {
        var isRaw = false;
        var number = 0;
        foreach (var line in File.ReadLines(file))
        {
            number++;
            var begins = isRaw;
            isRaw ^= RawQuotes().Count(line) % 2 == 1;
            if (line.Length > MaxColumns && !begins && !isRaw && !OneString().IsMatch(line))
            {
                yield return $"{Path.GetRelativePath(Repository.Root, file)}:{number} has {line.Length} columns";
            }
        }
    }

    private static IEnumerable<string> Files => new[] { "Core", "Commands", "tests" }
        .SelectMany(folder => Directory.EnumerateFiles(Path.Join(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/node_modules/", StringComparison.Ordinal));

    /// <summary>Those of System come first, then names in alphabetical order, part by part.</summary>
    private static string Rank(string used) =>
        (used == "System" || used.StartsWith("System.", StringComparison.Ordinal) ? "0" : "1") + used.Replace('.', '\0').ToUpperInvariant();

    [Test]
    public async Task Lines_stay_within_140_columns()
    {
        await Assert.That(string.Join('\n', Files.SelectMany(TooLong))).IsEqualTo("");
    }

    [Test]
    public async Task Usings_stand_in_order()
    {
        var mixed = Files.Where(file =>
        {
            var ranks = File.ReadLines(file).Select(line => Using().Match(line)).Where(match => match.Success)
                .Select(match => Rank(match.Groups[1].Value)).ToList();
            return !ranks.SequenceEqual(ranks.Order(StringComparer.Ordinal));
        });
        await Assert.That(string.Join('\n', mixed)).IsEqualTo("");
    }

    [GeneratedRegex(@"^using ([\w.]+);")]
    private static partial Regex Using();

    [GeneratedRegex("\"\"\"+")]
    private static partial Regex RawQuotes();

    [GeneratedRegex(@"^\s*(?:\[(?:GeneratedRegex|Arguments)\(|[:?+] )?[$@]*"".*""(?:u8\.ToArray\(\))?[,;:)\]}\s+]*(?:RegexOptions\.[\w |.]+\)\])?$")]
    private static partial Regex OneString();
}
