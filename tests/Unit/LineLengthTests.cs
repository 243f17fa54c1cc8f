using System.Text.RegularExpressions;

namespace IacCi.Tests.Unit;

/// <summary>The width of our code. The formatter does not look at it.</summary>
public sealed partial class LineLengthTests
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

    [Test]
    public async Task Lines_stay_within_140_columns()
    {
        var files = new[] { "Core", "Commands", "tests" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Join(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/node_modules/", StringComparison.Ordinal));
        await Assert.That(string.Join('\n', files.SelectMany(TooLong))).IsEqualTo("");
    }

    [GeneratedRegex("\"\"\"+")]
    private static partial Regex RawQuotes();

    [GeneratedRegex(@"^\s*(?:\[(?:GeneratedRegex|Arguments)\(|[:?+] )?[$@]*"".*""(?:u8\.ToArray\(\))?[,;:)\]}\s+]*(?:RegexOptions\.[\w |.]+\)\])?$")]
    private static partial Regex OneString();
}
