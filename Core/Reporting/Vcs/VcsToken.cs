namespace IacCi.Core.Reporting.Vcs;

/// <summary>A token and where it was found. Prints only the latter, so that it can stand in any message.</summary>
internal sealed class VcsToken
{
    /// <summary>Wraps a token; the white space around it does not count (files end with a line feed).</summary>
    /// <exception cref="Text.UserException">The value is empty or no single word, so that no service can have issued it.</exception>
    public VcsToken(string value, string location)
    {
        (Value, Location) = (value.Trim(), location);
        if (Value.Length == 0 || Value.Any(c => c <= ' ' || c > '~'))
        {
            throw new Text.UserException(
                $"the token at {location} is {(Value.Length == 0 ? "empty" : "not one word of printable ASCII")}; store the token " +
                    $"there, and nothing else");
        }
    }

    /// <summary>Where it was found, for messages.</summary>
    public string Location { get; }

    /// <summary>The token itself: only for the header that carries it.</summary>
    internal string Value { get; }

    /// <summary>The location; never the token.</summary>
    public override string ToString() => $"the token at {Location}";
}
