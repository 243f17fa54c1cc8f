namespace IacCi.Core.Text;

/// <summary>Names of environment variables: which are names, and which one a fetched value gets.</summary>
internal static class VariableName
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaxLength = 256;

    /// <summary>What AWS adds to the name of a secret in its ARN: a hyphen and six characters.</summary>
    private const int ArnSuffixLength = 7;

    /// <summary>Whether the text is a name: <c>[A-Za-z_][A-Za-z0-9_]*</c> (POSIX.1-2024, 3.216 Name).</summary>
    public static bool IsValid(string text) =>
        text.Length is > 0 and <= MaxLength && !char.IsAsciiDigit(text[0]) && text.All(c => c == '_' || char.IsAsciiLetterOrDigit(c));

    /// <summary>
    /// The name of the variable that holds the value at this path: the path's last part, upper case, <c>-</c> and <c>.</c> as
    /// <c>_</c>. Of a secret's ARN the six random characters at the end do not count
    /// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html).
    /// </summary>
    /// <param name="path">An SSM path, or the name or ARN of a secret: a location without its scheme.</param>
    /// <returns>Null when that gives no valid name.</returns>
    public static string? FromPath(string path)
    {
        var last = path[(path.LastIndexOfAny(['/', ':']) + 1)..];
        if (path.StartsWith("arn:", StringComparison.Ordinal) && path.Contains(":secret:", StringComparison.Ordinal) &&
            last.Length > ArnSuffixLength && last[^ArnSuffixLength] == '-')
        {
            last = last[..^ArnSuffixLength];
        }

        var name = last.Replace('-', '_').Replace('.', '_').ToUpperInvariant();
        return IsValid(name) ? name : null;
    }
}
