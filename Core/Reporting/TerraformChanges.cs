using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using IacCi.Core.Model;

namespace IacCi.Core.Reporting;

/// <summary>What Terraform, or OpenTofu, says in an order's output that it will change, or has changed, as a comment shows it.</summary>
internal static partial class TerraformChanges
{
    /// <summary>
    /// The sums of an order. A result of an earlier version, or of somebody else's worker, has none: then the end of its output is read.
    /// </summary>
    /// <returns>Null when there is nothing of that kind.</returns>
    internal static TerraformSums? Of(OrderReport order) =>
        order.Terraform ?? (order.LogTail is { Length: > 0 } log ? TerraformLines.Read(SafeText.CleanLog(log)) : null);

    /// <summary>
    /// As HTML, for a cell and for a summary; what is destroyed stands out. What was applied as it was planned is said once. Nothing in it
    /// comes from the output but numbers.
    /// </summary>
    internal static string ToHtml(TerraformSums sums)
    {
        var planned = sums.Planned is { } plan && (sums.Applied is not { } done || (done != plan && !plan.IsNone))
            ? ToHtml("plan", plan, "to import", "to destroy")
            : null;
        var applied = sums.Applied is { } changed ? ToHtml("applied", changed, "imported", "destroyed") : null;
        return string.Join(", ", new[] { planned, applied }.OfType<string>());
    }

    private static string ToHtml(string what, ResourceCounts counts, string imports, string destroys)
    {
        if (counts.IsNone)
        {
            return $"{what}: no changes";
        }

        var text = string.Create(CultureInfo.InvariantCulture, $"{what} <code>+{counts.Add} ~{counts.Change} -{counts.Destroy}</code>");
        text += counts.Import == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" {counts.Import:N0} {imports}");
        return counts.Destroy == 0 ? text
            : string.Create(CultureInfo.InvariantCulture, $"{text} 🔥 <strong>{counts.Destroy:N0} {destroys}</strong>");
    }

    /// <summary>
    /// Clean output in blocks of code: the plan as a diff, what stands before and after it as text. Output without a plan is one block of
    /// text.
    /// </summary>
    internal static string ToBlocks(string cleanLog)
    {
        var lines = cleanLog.Split('\n');
        var last = Array.FindLastIndex(lines, TerraformLines.IsPlan);
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

    /// <summary>
    /// The sign of a line at its beginning, where a diff has it. A change in place is <c>!</c>. No other line looks like one of a diff.
    /// </summary>
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

    [GeneratedRegex(@"^(?:Terraform|OpenTofu) (?:used the selected providers|will perform the following actions|planned the following actions)",
        RegexOptions.CultureInvariant)]
    private static partial Regex Beginning();

    /// <summary>A resource of a plan whose beginning is cut off.</summary>
    [GeneratedRegex(@"^(?: *(?:-/\+|\+/-) | +(?:# \S|(?:<=|[-+~]) ))", RegexOptions.CultureInvariant)]
    private static partial Regex Step();

    [GeneratedRegex(@"^(?:(?<indent> *)(?<sign>-/\+|\+/-)|(?<indent> +)(?<sign>[-+~]))(?<rest> .*)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Signed();
}
