using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace IacCi.Core.Reporting;

/// <summary>What Terraform, or OpenTofu, says in an order's output that it will change, or has changed.</summary>
/// <param name="Add">How many resources are created.</param>
/// <param name="Change">How many are changed.</param>
/// <param name="Destroy">How many are destroyed.</param>
/// <param name="IsApplied">Whether it has been done; else it is a plan.</param>
internal sealed partial record TerraformChanges(int Add, int Change, int Destroy, bool IsApplied)
{
    /// <summary>Reads the sums of clean output. Several plans of one order are added up; what was applied counts more than its plan.</summary>
    /// <returns>Null when there is nothing of that kind in it.</returns>
    internal static TerraformChanges? Find(string cleanLog)
    {
        var applied = Applied().Matches(cleanLog);
        if (applied.Count > 0)
        {
            return Sum(applied, isApplied: true);
        }

        var planned = Planned().Matches(cleanLog);
        return planned.Count > 0 ? Sum(planned, isApplied: false)
            : Nothing().IsMatch(cleanLog) ? new TerraformChanges(0, 0, 0, IsApplied: false) : null;
    }

    /// <summary>As HTML, for a cell and for a summary; what is destroyed stands out. Nothing in it comes from the output but numbers.</summary>
    internal string ToHtml()
    {
        var what = IsApplied ? "applied" : "plan";
        var sums = Add + Change + Destroy == 0 ? $"{what}: no changes" : string.Create(CultureInfo.InvariantCulture, $"{what} <code>+{Add} ~{Change} -{Destroy}</code>");
        return Destroy == 0 ? sums
            : string.Create(CultureInfo.InvariantCulture, $"{sums} 🔥 <strong>{Destroy:N0} {(IsApplied ? "destroyed" : "to destroy")}</strong>");
    }

    /// <summary>
    /// Clean output in blocks of code: the plan as a diff, what stands before and after it as text. Output without a plan is one block of text.
    /// </summary>
    internal static string ToBlocks(string cleanLog)
    {
        var lines = cleanLog.Split('\n');
        var last = Array.FindLastIndex(lines, line => Planned().IsMatch(line));
        var first = last < 0 ? -1 : Array.FindIndex(lines, 0, last, line => Beginning().IsMatch(line));
        first = first >= 0 || last < 0 ? first : Array.FindIndex(lines, 0, last, line => Step().IsMatch(line));
        if (first < 0)
        {
            return SafeText.Fence(cleanLog);
        }

        var end = last + 1;
        while (end < lines.Length && (lines[end].Length == 0 || lines[end] == "Changes to Outputs:" || Signed().IsMatch(lines[end])))
        {
            end++;
        }

        List<string> blocks = [];
        Add(blocks, lines[..first], log => SafeText.Fence(log));
        Add(blocks, [.. lines[first..end].Select(Diff)], log => SafeText.Fence(log, "diff"));
        Add(blocks, lines[end..], log => SafeText.Fence(log));
        return string.Join("\n\n", blocks);

        static void Add(List<string> to, string[] part, Func<string, string> fence)
        {
            var text = string.Join('\n', part).Trim('\n');
            if (text.Length > 0)
            {
                to.Add(fence(text));
            }
        }
    }

    /// <summary>The sign of a line at its beginning, where a diff has it. A change in place is <c>!</c>. No other line looks like one of a diff.</summary>
    private static string Diff(string line)
    {
        var signed = Signed().Match(line);
        if (!signed.Success)
        {
            return line.Length > 0 && line[0] is '+' or '-' or '!' or '@' ? " " + line : line;
        }

        var (indent, sign, rest) = (signed.Groups["indent"].Value, signed.Groups["sign"].Value, signed.Groups["rest"].Value);
        return new StringBuilder().Append(sign == "~" ? "!" : sign is "+/-" ? "-/+" : sign).Append(indent).Append(rest).ToString();
    }

    private static TerraformChanges Sum(MatchCollection matches, bool isApplied) =>
        new(Sum(matches, "add"), Sum(matches, "change"), Sum(matches, "destroy"), isApplied);

    private static int Sum(MatchCollection matches, string group) =>
        matches.Sum(match => int.TryParse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0);

    [GeneratedRegex(@"^Plan: (?:\d{1,6} to import, )?(?<add>\d{1,6}) to add, (?<change>\d{1,6}) to change, (?<destroy>\d{1,6}) to destroy\b", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Planned();

    [GeneratedRegex(
        @"^(?:Apply complete! Resources: (?:\d{1,6} imported, )?(?<add>\d{1,6}) added, (?<change>\d{1,6}) changed, (?<destroy>\d{1,6}) destroyed|Destroy complete! Resources: (?<destroy>\d{1,6}) destroyed)\b",
        RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Applied();

    [GeneratedRegex(@"^No changes\. (?:Your infrastructure matches|Infrastructure is up-to-date)", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Nothing();

    [GeneratedRegex(@"^(?:Terraform|OpenTofu) (?:used the selected providers|will perform the following actions|planned the following actions)", RegexOptions.CultureInvariant)]
    private static partial Regex Beginning();

    /// <summary>A resource of a plan whose beginning is cut off.</summary>
    [GeneratedRegex(@"^(?: *(?:-/\+|\+/-) | +(?:# \S|(?:<=|[-+~]) ))", RegexOptions.CultureInvariant)]
    private static partial Regex Step();

    [GeneratedRegex(@"^(?:(?<indent> *)(?<sign>-/\+|\+/-)|(?<indent> +)(?<sign>[-+~]))(?<rest> .*)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Signed();
}
