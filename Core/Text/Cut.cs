namespace IacCi.Core.Text;

/// <summary>Cuts text to a number of UTF-16 characters, and never leaves half of a surrogate pair.</summary>
internal static class Cut
{
    /// <summary>The beginning of a text, at most this many characters.</summary>
    public static string Head(string text, int maxChars)
    {
        if (text.Length <= maxChars)
        {
            return text;
        }

        return text[..(maxChars > 0 && char.IsHighSurrogate(text[maxChars - 1]) ? maxChars - 1 : maxChars)];
    }

    /// <summary>The end of a text, at most this many characters.</summary>
    public static string Tail(string text, int maxChars) => text.Length <= maxChars ? text : From(text, text.Length - maxChars);

    /// <summary>A text from a position on.</summary>
    public static string From(string text, int start) =>
        text[(start > 0 && start < text.Length && char.IsLowSurrogate(text[start]) ? start + 1 : start)..];

    /// <summary>The beginning of a text, at most this many characters, the last of which shows the cut.</summary>
    public static string WithEllipsis(string text, int maxChars) => text.Length <= maxChars ? text : Head(text, maxChars - 1) + "…";
}
