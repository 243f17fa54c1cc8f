namespace IacCi.Core.Text;

/// <summary>How long to wait before something is tried again.</summary>
internal static class Backoff
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Doubles with each attempt up to a limit; between half of that and all of it, so that many workers do not come at once.
    /// </summary>
    /// <param name="attempt">How many attempts were made, at least 1.</param>
    /// <param name="random">Between 0 and 1.</param>
    internal static TimeSpan After(int attempt, double random)
    {
        var full = Math.Min(First.TotalMilliseconds * Math.Pow(2, Math.Min(attempt - 1, 30)), Longest.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(full * (0.5 + (random / 2)));
    }

    /// <summary>The same, with a fraction out of random bytes.</summary>
    internal static TimeSpan After(int attempt, Func<int, byte[]> randomBytes) => After(attempt, Fraction(randomBytes));

    /// <summary>A random number from 0 to below 1.</summary>
    internal static double Fraction(Func<int, byte[]> randomBytes) =>
        BitConverter.ToUInt32(randomBytes(sizeof(uint))) / (uint.MaxValue + 1.0);
}
