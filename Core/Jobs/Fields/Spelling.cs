namespace IacCi.Core.Jobs.Fields;

/// <summary>Guesses what a misspelt name was meant to be.</summary>
internal static class Spelling
{
    /// <summary>The longest name that is compared at all, in characters.</summary>
    private const int MaxLength = 40;

    /// <summary>The nearest of the names, or null when none is near: at most a third of the letters differ.</summary>
    public static string? Nearest(string name, IEnumerable<string> names)
    {
        var wanted = Plain(name);
        return name.Length > MaxLength
            ? null
            : names.Select(known => (Known: known, Distance: Distance(wanted, Plain(known))))
                .Where(guess => guess.Distance <= Math.Max(1, guess.Known.Length / 3))
                .OrderBy(guess => guess.Distance)
                .Select(guess => guess.Known)
                .FirstOrDefault();
    }

    /// <summary>Without what people write differently: orderName, order-name and order_name are one.</summary>
    private static string Plain(string name) =>
        name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();

    /// <summary>
    /// How many letters have to be put in, left out, changed, or swapped with their neighbours (optimal string alignment).
    /// </summary>
    private static int Distance(string a, string b)
    {
        var cost = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                cost[i, j] = i == 0 || j == 0 ? i + j : Cheapest(i, j);
            }
        }

        return cost[a.Length, b.Length];

        int Cheapest(int i, int j)
        {
            var changed = cost[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            var best = Math.Min(changed, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
            return i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] ? Math.Min(best, cost[i - 2, j - 2] + 1) : best;
        }
    }
}
