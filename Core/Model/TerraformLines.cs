using System.Globalization;

namespace IacCi.Core.Model;

/// <summary>
/// Reads the sums that Terraform, or OpenTofu, prints: the one place that knows its sentences. It is given clean lines, one by one.
/// <para>
/// <c>terraform apply -auto-approve</c> prints a plan of its own, which is done and not shown when <c>Apply complete!</c> with the same
/// sums follows. So a plan stays open until a line says whose it is: what <c>terraform plan</c> says at its end, the end of an apply, or
/// the next plan.
/// </para>
/// </summary>
internal sealed class TerraformLines
{
    private const int MaxDigits = 6;

    private const string PlanBegins = "Plan: ";

    private static readonly string[] NothingToDo =
        ["No changes. Your infrastructure ", "No changes. Infrastructure is up-to-date", "No changes. No objects need to be destroyed"];

    private static readonly string[] AppliedBegins = ["Apply complete! Resources: ", "Destroy complete! Resources: "];

    /// <summary>What stands below the plan of <c>terraform plan</c>, and not below the one of an apply.</summary>
    private static readonly string[] EndsOfPlans = ["Note: You didn't use the -out option", "Saved the plan to: "];

    private ResourceCounts? planned, applied, open;

    /// <summary>What was read so far.</summary>
    public TerraformSums? Sums => TerraformSums.Of(Plus(planned, open), applied);

    /// <summary>Reads the sums of clean output.</summary>
    /// <returns>Null when there is nothing of that kind in it.</returns>
    public static TerraformSums? Read(string cleanLog)
    {
        var lines = new TerraformLines();
        foreach (var line in cleanLog.Split('\n'))
        {
            lines.Take(line);
        }

        return lines.Sums;
    }

    /// <summary>Whether this is the line with the sums of a plan.</summary>
    public static bool IsPlan(string line) => PlanOf(line) is not null;

    /// <summary>Takes the next line.</summary>
    public void Take(string line)
    {
        if (PlanOf(line) is { } plan)
        {
            Keep(plan);
        }
        else if (BeginsWithOne(line, NothingToDo) is not null)
        {
            Keep(default(ResourceCounts));
        }
        else if (BeginsWithOne(line, EndsOfPlans) is not null)
        {
            Keep(null);
        }
        else if (BeginsWithOne(line, AppliedBegins) is { } begins && CountsOf(line[begins.Length..]) is { } done)
        {
            Keep(open == done ? null : open, isOpen: false);
            applied = Plus(applied, done);
        }
    }

    /// <summary>Counts the plan that was open, and opens this one.</summary>
    private void Keep(ResourceCounts? next, bool isOpen = true)
    {
        planned = Plus(planned, isOpen ? open : next);
        open = isOpen ? next : null;
    }

    private static ResourceCounts? PlanOf(string line) =>
        line.StartsWith(PlanBegins, StringComparison.Ordinal) ? CountsOf(line[PlanBegins.Length..]) : null;

    private static string? BeginsWithOne(string line, string[] beginnings) =>
        Array.Find(beginnings, begins => line.StartsWith(begins, StringComparison.Ordinal));

    /// <summary>
    /// Reads <c>1 to import, 40 to add, 0 to change, 2 to destroy</c> or <c>3 destroyed</c>, up to the end of the sentence.
    /// </summary>
    /// <returns>Null when it is anything else. What else may be counted there (<c>1 to forget</c>) is passed over.</returns>
    private static ResourceCounts? CountsOf(string list)
    {
        var counts = default(ResourceCounts);
        var isDestroyKnown = false;
        foreach (var part in list.Split('.')[0].TrimEnd().Split(", "))
        {
            var space = part.IndexOf(' ');
            if (space is < 1 or > MaxDigits
                || !long.TryParse(part.AsSpan(0, space), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            {
                return null;
            }

            counts = part[(space + 1)..] switch
            {
                "to import" or "imported" => counts with { Import = count },
                "to add" or "added" => counts with { Add = count },
                "to change" or "changed" => counts with { Change = count },
                "to destroy" or "destroyed" => counts with { Destroy = count },
                _ => counts,
            };
            isDestroyKnown |= part.EndsWith("destroy", StringComparison.Ordinal) || part.EndsWith("destroyed", StringComparison.Ordinal);
        }

        return isDestroyKnown ? counts : null;
    }

    private static ResourceCounts? Plus(ResourceCounts? one, ResourceCounts? other) =>
        one is { } a && other is { } b ? a.Plus(b) : one ?? other;
}
