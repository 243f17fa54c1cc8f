using System.Text.RegularExpressions;
using IacCi.Core.Projects.Configuration;

namespace IacCi.Tests.EndToEnd.Documents;

/// <summary>A block of a page between two fences.</summary>
internal sealed record Block(string File, int Line, string Language, IReadOnlyList<string> Lines)
{
    public string Text => string.Join('\n', Lines) + "\n";

    /// <summary>The command lines of a block of them; of a console, those behind its prompt.</summary>
    public IEnumerable<string> Commands => Language == "sh"
        ? Lines.Where(line => line.Trim().Length > 0)
        : Lines.Where(line => line.StartsWith("$ ", StringComparison.Ordinal)).Select(line => line[2..]);

    public override string ToString() => $"{File}:{Line}";
}

/// <summary>What the pages for people hold: README.md, docs/ and examples/.</summary>
internal static partial class Pages
{
    public static string Root { get; } = Repository.Root;

    public static IReadOnlyList<string> Markdown { get; } =
        [.. new[] { "README.md" }.Concat(Below("docs", "*.md")).Concat(Below("examples", "*.md")).Order(StringComparer.Ordinal)];

    public static IReadOnlyList<string> Jobs { get; } = [.. Below("examples", "*.yaml")
        .Where(file => Path.GetFileName(file) != RepositoryConfiguration.FileName).Order(StringComparer.Ordinal)];

    public static IReadOnlyList<Block> Blocks { get; } = [.. Markdown.SelectMany(BlocksOf)];

    /// <summary>The command lines in the comments of a job.</summary>
    public static IEnumerable<string> CommandsIn(string job) =>
        File.ReadLines(Path.Join(Root, job)).Select(line => Comment().Match(line)).Where(match => match.Success).Select(
            match => match.Groups[1].Value);

    /// <summary>What stands between backticks and begins so.</summary>
    public static IEnumerable<(string File, string Text)> Spans(string beginning) => Markdown.SelectMany(file =>
        Span().Matches(File.ReadAllText(Path.Join(Root, file))).Select(match => (file, match.Groups[1].Value))
            .Where(span => span.Value.StartsWith(beginning, StringComparison.Ordinal)));

    private static IEnumerable<string> Below(string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Join(Root, folder), pattern, SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Root, file));

    private static IEnumerable<Block> BlocksOf(string file)
    {
        var lines = File.ReadAllLines(Path.Join(Root, file));
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("```", StringComparison.Ordinal))
            {
                var end = Array.IndexOf(lines, "```", i + 1);
                yield return new Block(file, i + 1, lines[i][3..].Trim(), lines[(i + 1)..end]);
                i = end;
            }
        }
    }

    [GeneratedRegex(@"^#\s+(iac-ci .*)$")]
    private static partial Regex Comment();

    [GeneratedRegex("(?<!`)`([^`\n]+)`(?!`)")]
    private static partial Regex Span();
}
