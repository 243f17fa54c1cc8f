using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace IacCi.Core.Work.Masking;

/// <summary>The forms in which a secret may appear in a log.</summary>
internal static class SecretForms
{
    private const string Unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    private const string ComponentExtra = "!'()*";
    private const string FormSafe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._*";

    /// <summary>
    /// The parts of a value that are secret by themselves: the whole, the whole without the white space around it, and each of
    /// its lines, as far as they are long enough.
    /// </summary>
    internal static IEnumerable<string> Parts(string value, int minBytes) =>
        value.Split(['\n', '\r']).Select(line => line.Trim()).Append(value).Append(value.Trim())
            .Distinct(StringComparer.Ordinal).Where(part => Encoding.UTF8.GetByteCount(part) >= minBytes && !string.IsNullOrWhiteSpace(part));

    /// <summary>A part as it is, with the line ends of a terminal, JSON-escaped, and URL-encoded, each in the ways that are in use.</summary>
    internal static IEnumerable<byte[]> Plain(string part)
    {
        var crossed = part.Replace("\r\n", "\n", StringComparison.Ordinal);
        IEnumerable<string> forms =
        [
            part,
            crossed,
            crossed.Replace("\n", "\r\n", StringComparison.Ordinal),
            JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(part),
            JavaScriptEncoder.Default.Encode(part),
            JsonEscape(part, asciiOnly: false),
            JsonEscape(part, asciiOnly: true),
            JsonEscape(part, asciiOnly: false).Replace("/", "\\/", StringComparison.Ordinal),
            JsonEscape(part, asciiOnly: true).Replace("/", "\\/", StringComparison.Ordinal),
            .. UrlEncode(part, Unreserved, "%20"),
            .. UrlEncode(part, Unreserved, "+"),
            .. UrlEncode(part, Unreserved + ComponentExtra, "%20"),
            .. UrlEncode(part, Unreserved + "/", "%20"),
            .. UrlEncode(part, FormSafe, "+"),
        ];
        return forms.Distinct(StringComparer.Ordinal).Select(Encoding.UTF8.GetBytes);
    }

    /// <summary>
    /// A part in base64, standard and URL-safe, wherever it stands in the encoded text: of the characters that it shares with
    /// its neighbours (they hold at most four of its bits on each side) only those of the encoded part alone belong to a form.
    /// </summary>
    internal static IEnumerable<byte[]> Base64(string part)
    {
        var bytes = Encoding.UTF8.GetBytes(part);
        foreach (var form in Aligned(bytes).Append(Convert.ToBase64String(bytes)).Append(Convert.ToBase64String(bytes).TrimEnd('=')))
        {
            yield return Encoding.ASCII.GetBytes(form);
            yield return Encoding.ASCII.GetBytes(form.Replace('+', '-').Replace('/', '_'));
        }
    }

    private static IEnumerable<string> Aligned(byte[] bytes)
    {
        for (var before = 0; before < 3; before++)
        {
            var text = Convert.ToBase64String([.. new byte[before], .. bytes]);
            var from = ((8 * before) + 5) / 6;
            var to = 8 * (before + bytes.Length) / 6;
            yield return text[from..to];
        }
    }

    private static IEnumerable<string> UrlEncode(string part, string safe, string space)
    {
        var upper = new StringBuilder();
        foreach (var value in Encoding.UTF8.GetBytes(part))
        {
            _ = value == ' ' ? upper.Append(space)
                : safe.Contains((char)value) ? upper.Append((char)value)
                : upper.Append(CultureInfo.InvariantCulture, $"%{value:X2}");
        }

        yield return upper.ToString();
        yield return LowerHex(upper.ToString());
    }

    private static string LowerHex(string encoded)
    {
        var lower = encoded.ToCharArray();
        for (var at = 0; at < lower.Length; at++)
        {
            if (lower[at] == '%')
            {
                lower[at + 1] = char.ToLowerInvariant(lower[at + 1]);
                lower[at + 2] = char.ToLowerInvariant(lower[at + 2]);
                at += 2;
            }
        }

        return new string(lower);
    }

    /// <summary>As most programs do (RFC 8259, section 7): short escapes where there are, lower-case hex else.</summary>
    private static string JsonEscape(string part, bool asciiOnly)
    {
        var escaped = new StringBuilder();
        foreach (var c in part)
        {
            _ = c switch
            {
                '"' => escaped.Append("\\\""),
                '\\' => escaped.Append("\\\\"),
                '\n' => escaped.Append("\\n"),
                '\r' => escaped.Append("\\r"),
                '\t' => escaped.Append("\\t"),
                '\b' => escaped.Append("\\b"),
                '\f' => escaped.Append("\\f"),
                _ when c < ' ' || (asciiOnly && c > '~') => escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => escaped.Append(c),
            };
        }

        return escaped.ToString();
    }
}
