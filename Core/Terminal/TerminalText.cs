using System.Text;
using IacCi.Core.Text;

namespace IacCi.Core.Terminal;

/// <summary>Colours of a terminal, or none.</summary>
/// <param name="Enabled">Whether to colour at all (https://no-color.org).</param>
internal readonly record struct Palette(bool Enabled)
{
    /// <summary>Good news.</summary>
    public string Good(string text) => Paint("32", text);

    /// <summary>Bad news.</summary>
    public string Bad(string text) => Paint("31", text);

    /// <summary>Something under way.</summary>
    public string Busy(string text) => Paint("36", text);

    /// <summary>Something of less weight.</summary>
    public string Dim(string text) => Paint("2", text);

    /// <summary>Something of more weight.</summary>
    public string Strong(string text) => Paint("1", text);

    /// <summary>The name of one of many, each in a colour of its own, as far as there are colours.</summary>
    public string Name(int number, string text) => Paint(NameColours[number % NameColours.Length], text);

    private static readonly string[] NameColours = ["36", "33", "35", "34", "32", "96", "93", "95", "94"];

    private string Paint(string code, string text) => Enabled && text.Length > 0 ? $"\e[{code}m{text}\e[0m" : text;
}

/// <summary>Makes text safe and short for a line of a terminal.</summary>
internal static class TerminalText
{
    /// <summary>
    /// One line, as a terminal leaves it (<see cref="ScreenText.Plain"/>), without marks that turn the direction of what follows.
    /// </summary>
    public static string Clean(string text)
    {
        var line = new StringBuilder(text.Length);
        foreach (var c in ScreenText.Plain(text).TrimEnd('\n'))
        {
            if (!TurnsDirection(c))
            {
                line.Append(c is '\t' or '\n' ? ' ' : c);
            }
        }

        return line.ToString();
    }

    /// <summary>UAX #9, 2: embeddings, overrides, isolates.</summary>
    private static bool TurnsDirection(char c) => c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
