using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace IacCi.Tests.EndToEnd.Local;

/// <summary>The screen of a terminal after some output: as much of ECMA-48 as the program uses.</summary>
internal sealed partial class Screen
{
    private readonly List<StringBuilder> rows = [new()];
    private int row;
    private int column;

    public static IReadOnlyList<string> After(string output)
    {
        var screen = new Screen();
        foreach (Match part in Parts().Matches(output))
        {
            screen.Take(part);
        }

        return [.. screen.rows.Select(r => r.ToString().TrimEnd())];
    }

    private void Take(Match part)
    {
        var count = int.TryParse(part.Groups["count"].Value, CultureInfo.InvariantCulture, out var digits) ? digits : 1;
        switch (part.Groups["final"].Value, part.Value)
        {
            case ("F", _):
                (row, column) = (Math.Max(0, row - count), 0);
                break;
            case ("K", _):
                rows[row].Length = Math.Min(rows[row].Length, column);
                break;
            case ("J", _):
                rows[row].Length = Math.Min(rows[row].Length, column);
                rows.RemoveRange(row + 1, rows.Count - row - 1);
                break;
            case ("m" or "h" or "l" or "=" or ">", _):
                // Colours and keyboard modes.
                break;
            case ("", "\n"):
                row++;
                while (rows.Count <= row)
                {
                    rows.Add(new());
                }

                break;
            case ("", "\r"):
                column = 0;
                break;
            case ("", var text):
                Write(text);
                break;
            case var (final, _):
                throw new InvalidOperationException($"the program uses a sequence that ends in {final}");
        }
    }

    private void Write(string text)
    {
        var line = rows[row];
        line.Append(' ', Math.Max(0, column + text.Length - line.Length));
        foreach (var letter in text)
        {
            line[column++] = letter;
        }
    }

    [GeneratedRegex("\e\\[[?]?(?<count>[0-9;]*)(?<final>[@-~])|\e(?<final>[=>])|\r|\n|[^\e\r\n]+")]
    private static partial Regex Parts();
}
