using System.Text.RegularExpressions;
using CsCheck;
using IacCi.Core.Projects.Configuration;

namespace IacCi.Tests.Unit.Projects;

internal sealed class FolderPatternTests
{
    [Test]
    [Arguments("infra/**", "infra/a", true)]
    [Arguments("infra/**", "infra/a/b", true)]
    [Arguments("infra/**", "infra", false)]
    [Arguments("infra/**", "infrastructure/a", false)]
    [Arguments("**", ".", true)]
    [Arguments("**", "a/b", true)]
    [Arguments("**/app", "app", true)]
    [Arguments("**/app", "a/b/app", true)]
    [Arguments("a/**/app", "a/app", true)]
    [Arguments("a/**/app", "a/x/y/app", true)]
    [Arguments("a/*/app", "a/x/y/app", false)]
    [Arguments("infra/{dev,stage}/app", "infra/stage/app", true)]
    [Arguments("infra/{dev,stage}/app", "infra/prod/app", false)]
    [Arguments("a{,-b}/c", "a/c", true)]
    [Arguments("x[1]/y", "x[1]/y", true)]
    [Arguments("a?c", "a😀c", true)]
    [Arguments("./infra/a/", "infra/a", true)]
    [Arguments("app@*", "app@eu", true)]
    public async Task Patterns_fit_what_they_say(string pattern, string path, bool fits)
    {
        await Assert.That(FolderPattern.Parse(pattern, out _)!.Fits(path)).IsEqualTo(fits);
    }

    [Test]
    [Arguments("", "empty name")]
    [Arguments("a//b", "empty name")]
    [Arguments("/a", "begins with '/'")]
    [Arguments("a/../b", "'..'")]
    [Arguments("a\\b", "backslash")]
    [Arguments("a**", "'**' stands between slashes")]
    [Arguments("{a", "braces")]
    [Arguments("a}", "braces")]
    [Arguments("{a,{b,c}}", "braces")]
    [Arguments("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", "more than 1000 patterns")]
    public async Task What_is_no_pattern_is_refused_with_a_remedy(string pattern, string wrong)
    {
        await Assert.That(FolderPattern.Parse(pattern, out var said)).IsNull();
        await Assert.That(said).Contains(wrong);
    }

    [Test]
    public async Task The_most_specific_pattern_ranks_first()
    {
        string[] narrow = ["infra/prod/app", "{infra,x}/prod/app", "infra/prod/*", "infra/*/app", "infra/prod/**", "infra/**", "**"];
        var ranks = narrow.Select(pattern => FolderPattern.Parse(pattern, out _)!.Rank("infra/prod/app")!.Value).ToList();
        await Assert.That(ranks[0]).IsEqualTo(ranks[1]);
        await Assert.That(ranks.Skip(1).SequenceEqual(ranks.Skip(1).OrderDescending())).IsTrue();
    }

    /// <summary>A regular expression, made in another way, says the same of random patterns and paths.</summary>
    [Test]
    public void Patterns_fit_as_a_regular_expression_does()
    {
        var name = Words("a", "b", "ab", "aab", "abc");
        var part = Words("a", "b", "ab", "*", "**", "a*", "*b", "?", "a?", "*a*", "{a,b}", "{ab,*c}");
        Gen.Select(part.Array[1, 5], name.Array[1, 6]).Sample(
            (parts, names) =>
            {
                var (pattern, path) = (string.Join('/', parts), string.Join('/', names));
                return FolderPattern.Parse(pattern, out _)!.Fits(path) == Regex.IsMatch(path, Expression(parts));
            },
            iter: 50_000);
    }

    private static Gen<string> Words(params string[] words) => Gen.Int[0, words.Length - 1].Select(i => words[i]);

    private static string Expression(string[] parts)
    {
        if (parts is ["**"])
        {
            return ".*";
        }

        var text = "^";
        for (var i = 0; i < parts.Length; i++)
        {
            var isLast = i == parts.Length - 1;
            text += parts[i] == "**"
                ? isLast ? ".+" : "(?:[^/]+/)*"
                : Regex.Escape(parts[i]).Replace("\\*", "[^/]*", StringComparison.Ordinal).Replace("\\?", "[^/]", StringComparison.Ordinal)
                    .Replace("\\{", "(?:", StringComparison.Ordinal).Replace("}", ")", StringComparison.Ordinal)
                        .Replace(",", "|", StringComparison.Ordinal)
                    + (isLast ? "" : "/");
        }

        return text + "\\z";
    }
}
