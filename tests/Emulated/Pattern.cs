namespace IacCi.Emulated;

/// <summary>How names are chosen, in the log and in faults.</summary>
internal static class Pattern
{
    /// <summary>
    /// Null fits everything; <c>abc*</c> what begins so; <c>*abc</c> what ends so; both what contains it; anything else itself.
    /// </summary>
    public static bool Fits(string? pattern, string value) => pattern switch
    {
        null or "*" => true,
        ['*', .. var middle, '*'] => value.Contains(middle, StringComparison.Ordinal),
        [.. var head, '*'] => value.StartsWith(head, StringComparison.Ordinal),
        ['*', .. var tail] => value.EndsWith(tail, StringComparison.Ordinal),
        _ => value == pattern,
    };
}
