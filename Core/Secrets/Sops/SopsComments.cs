namespace IacCi.Core.Secrets.Sops;

/// <summary>
/// The comments since the last value of a flat file: with a rule on comments, they decide about the next value, and about each other.
/// </summary>
internal sealed class SopsComments(SopsRule rule)
{
    private bool matched;

    /// <summary>A comment.</summary>
    /// <param name="text">As it stands in the file.</param>
    /// <returns>Whether the rule matches for it. A comment that asks for encryption is not encrypted itself.</returns>
    public bool Comment(string text)
    {
        var before = matched;
        matched |= rule.MatchesComment(text);
        return rule.EncryptsMatches ? before : matched;
    }

    /// <summary>A value.</summary>
    /// <returns>Whether the rule matches for it.</returns>
    public bool Value()
    {
        var before = matched;
        matched = false;
        return before;
    }
}
