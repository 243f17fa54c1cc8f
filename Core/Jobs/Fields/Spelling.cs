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
    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();

    /// <summary>How many letters have to be put in, left out or changed (Levenshtein).</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
