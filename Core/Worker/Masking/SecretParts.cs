using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace IacCi.Core.Worker.Masking;

/// <summary>A text that is secret by itself.</summary>
/// <param name="Text">The text.</param>
/// <param name="Name">The name under which it stands in the secret; null when it has none.</param>
internal readonly record struct SecretPart(string Text, string? Name);

/// <summary>
/// The parts of a value that are secrets of their own. A secret is seldom one word: it is a JSON object of a database's account, a dotenv
/// file, a URL with a password, a connection string. Commands use, and print, what is in it.
/// </summary>
internal static partial class SecretParts
{
    /// <summary>How deep values stand in values: a URL in a line of a dotenv file in base64 in JSON.</summary>
    private const int MaxDepth = 5;

    /// <summary>The most characters that are taken out of one value: several times what a variable holds.</summary>
    private const int MaxChars = 4 << 20;

    private const int MaxNameChars = 64;
    private const int MinEncodedChars = 8;

    private static readonly JsonDocumentOptions Lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>Settings that stand beside secrets, are no secrets, and are words of every log.</summary>
    private static readonly FrozenSet<string> OrdinaryWords = new[]
    {
        "true", "false", "null", "none", "yes", "no", "on", "off", "enabled", "disabled", "enable", "disable", "require", "required",
        "prefer",
        "allow", "default", "http", "https", "localhost",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>The whole, its lines, and the values within, without repetition; also those too short to be masked.</summary>
    internal static IReadOnlyList<SecretPart> Of(string value)
    {
        var collector = new Collector();
        collector.Whole(value);
        return collector.Found;
    }

    /// <summary>
    /// How a part is looked for: as it stands, with the line ends of a terminal left out, without quotation marks
    /// (<see cref="QuoteDecoder"/>), and with spaces for plus signs (<see cref="PercentDecoder"/>).
    /// </summary>
    internal static IEnumerable<string> Spellings(string part)
    {
        var crossed = part.Replace("\r", "", StringComparison.Ordinal);
        return new[] { part, crossed, Quotes().Replace(part, ""), part.Replace('+', ' ') }
            .Where(text => !string.IsNullOrWhiteSpace(text)).Distinct(StringComparer.Ordinal);
    }

    private sealed class Collector
    {
        private readonly HashSet<string> seen = new(StringComparer.Ordinal);
        private int chars;

        public List<SecretPart> Found { get; } = [];

        public void Whole(string value)
        {
            Add(value, null);
            Add(value.Trim(), null);
            Lines(value);
            Within(value.Trim(), 1);
        }

        private void Lines(string value)
        {
            foreach (var line in value.Split(['\n', '\r']))
            {
                Add(line.Trim(), null);
            }
        }

        private bool Add(string text, string? name)
        {
            if (string.IsNullOrWhiteSpace(text) || chars > MaxChars || !seen.Add(text))
            {
                return false;
            }

            chars += text.Length;
            Found.Add(new SecretPart(text, name));
            return true;
        }

        /// <summary>A value that was found in another one.</summary>
        private void Inner(string text, string? name, int depth)
        {
            var isNamed = name is { Length: <= MaxNameChars } && Name().IsMatch(name) && text.Any(char.IsLetterOrDigit);
            if (!OrdinaryWords.Contains(text) && Add(text, isNamed ? name : null) && depth < MaxDepth)
            {
                Add(text.Trim(), null);
                if (text.AsSpan().ContainsAny('\n', '\r'))
                {
                    Lines(text);
                }

                Within(text.Trim(), depth + 1);
            }
        }

        private void Within(string text, int depth)
        {
            if (Json(text, depth))
            {
                return;
            }

            foreach (var line in text.Split(['\n', '\r'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (line.Length < text.Length && Json(line, depth))
                {
                    continue;
                }

                Setting(line, depth);
                Pairs(line, depth);
                Url(line, depth);
                foreach (Match match in Word().Matches(line))
                {
                    Inner(match.Groups["value"].Value, match.Groups["name"].Value, depth);
                }
            }

            Base64(text, depth);
        }

        /// <returns>True when the text is JSON with something in it.</returns>
        private bool Json(string text, int depth)
        {
            if (!text.StartsWith('{') && !text.StartsWith('[') && !text.StartsWith('"'))
            {
                return false;
            }

            try
            {
                using var json = JsonDocument.Parse(text, Lenient);
                Scalars(json.RootElement, null, depth);
                return true;
            }
            catch (JsonException)
            {
                // It only begins like JSON.
                return false;
            }
            catch (InvalidOperationException)
            {
                // Half of a surrogate pair in it: no text, so it cannot be printed either.
                return false;
            }
        }

        private void Scalars(JsonElement element, string? name, int depth)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.Object:
                    foreach (var member in element.EnumerateObject())
                    {
                        Scalars(member.Value, member.Name, depth);
                    }

                    break;
                case JsonValueKind.Array:
                    foreach (var item in element.EnumerateArray())
                    {
                        Scalars(item, name, depth);
                    }

                    break;
                case JsonValueKind.String:
                    Inner(element.GetString()!, name, depth);
                    break;
                case JsonValueKind.Number:
                    Inner(element.GetRawText(), name, depth);
                    break;
            }
        }

        /// <summary>A line of a dotenv, ini, properties, YAML or tfvars file, or a header.</summary>
        private void Setting(string line, int depth)
        {
            if (Line().Match(line) is { Success: true } match)
            {
                Quoted(match.Groups["value"].Value, match.Groups["name"].Value, depth);
            }
            else if (Account().Match(line) is { Success: true } account)
            {
                Inner(account.Groups["value"].Value, account.Groups["name"].Value, depth);
            }
        }

        /// <summary><c>a=1;b=2</c>, <c>a=1 b='2'</c>: connection strings.</summary>
        private void Pairs(string line, int depth)
        {
            if (line.Contains(';') && line.Contains('='))
            {
                foreach (var pair in line.Split(';'))
                {
                    if (pair.IndexOf('=') is > 0 and var at)
                    {
                        Quoted(pair[(at + 1)..].Trim(), pair[..at].Trim(), depth);
                    }
                }
            }

            foreach (Match match in Pair().Matches(line))
            {
                Quoted(match.Groups["value"].Value, match.Groups["name"].Value, depth);
            }
        }

        /// <summary>The user and the password of a URL, and the values of its query, as they stand and decoded.</summary>
        private void Url(string line, int depth)
        {
            foreach (Match match in UserInfo().Matches(line))
            {
                Encoded(match.Groups["user"].Value, "user", depth);
                Encoded(match.Groups["password"].Value, "password", depth);
            }

            foreach (Match match in Query().Matches(line))
            {
                Encoded(match.Groups["value"].Value, match.Groups["name"].Value, depth);
            }
        }

        private void Encoded(string text, string name, int depth)
        {
            Inner(text, name, depth);
            Inner(Uri.UnescapeDataString(text), name, depth);
            Inner(Uri.UnescapeDataString(text.Replace('+', ' ')), name, depth);
        }

        /// <summary>A value as it stands, without its quotation marks, and, when it has none, without a comment behind it.</summary>
        private void Quoted(string value, string name, int depth)
        {
            if (value.Length >= 2 && value[0] is '"' or '\'' && value[^1] == value[0])
            {
                var inner = value[1..^1];
                Inner(inner, name, depth);
                Inner(
                    value[0] == '"' ? Escape().Replace(inner, Unescape) : inner.Replace("''", "'", StringComparison.Ordinal), name, depth);
                return;
            }

            Inner(value, name, depth);
            Inner(Comment().Replace(value, "").TrimEnd(), name, depth);
        }

        /// <summary>What is base64 of text is used decoded too (a Kubernetes secret, a registry's <c>auth</c>).</summary>
        private void Base64(string text, int depth)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(text.Length);
            try
            {
                var padded = text.Replace('-', '+').Replace('_', '/');
                padded += new string('=', (4 - (padded.Length % 4)) % 4);
                if (text.Length >= MinEncodedChars && Convert.TryFromBase64String(padded, buffer, out var count)
                    && TextOf(buffer.AsSpan(0, count)) is { } decoded)
                {
                    Inner(decoded, null, depth);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
            }
        }

        private static string? TextOf(ReadOnlySpan<byte> bytes)
        {
            if (!System.Text.Unicode.Utf8.IsValid(bytes))
            {
                return null;
            }

            var text = Encoding.UTF8.GetString(bytes);
            return text.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')) ? null : text;
        }

        private static string Unescape(Match escape) => escape.Value[1] switch
        {
            'n' => "\n",
            'r' => "\r",
            't' => "\t",
            var other => other.ToString(),
        };
    }

    [GeneratedRegex("""['"\\]""", RegexOptions.CultureInvariant)]
    private static partial Regex Quotes();

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_. -]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    // NAME=value, NAME = value, name: value; a dash of a YAML list, or a shell's export, may stand before it.
    [GeneratedRegex("""^(?:export\s+|set\s+|-\s+)?["']?(?<name>[A-Za-z_][A-Za-z0-9_. -]{0,127}?)["']?\s*(?:=|:\s)\s*(?<value>\S.*)$""",
        RegexOptions.CultureInvariant)]
    private static partial Regex Line();

    // user:password, as curl and registries take it.
    [GeneratedRegex(@"^(?<name>[^\s:/=""'{}\[\]]+):(?<value>[^\s/][^\s]*)$", RegexOptions.CultureInvariant)]
    private static partial Regex Account();

    [GeneratedRegex("""(?<![^\s;,&?])(?<name>[A-Za-z_][A-Za-z0-9_.-]{0,127})\s*=\s*(?<value>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*"|[^\s;,'"][^\s;,]*)""",
        RegexOptions.CultureInvariant)]
    private static partial Regex Pair();

    // RFC 3986, section 3.2.1; a password may hold a colon or, though it should not, an at sign.
    [GeneratedRegex(@"[A-Za-z][A-Za-z0-9+.-]{0,31}://(?<user>[^\s:/?#@]*)(?::(?<password>[^\s/?#]*))?@", RegexOptions.CultureInvariant)]
    private static partial Regex UserInfo();

    [GeneratedRegex(@"[?&;#](?<name>[A-Za-z_][A-Za-z0-9_.\[\]-]{0,127})=(?<value>[^\s&;#""']+)", RegexOptions.CultureInvariant)]
    private static partial Regex Query();

    // What stands behind the name of its kind: HTTP's Authorization, netrc, an XML element.
    [GeneratedRegex(@"\b(?<name>Bearer|Basic|Token|login|password|account)\s+(?<value>[^\s<>]+)|<(?<name>[A-Za-z_][\w.-]*)[^<>]*>(?<value>[^<>]+)</",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Word();

    [GeneratedRegex(@"\\.", RegexOptions.CultureInvariant)]
    private static partial Regex Escape();

    [GeneratedRegex(@"\s[#;].*$", RegexOptions.CultureInvariant)]
    private static partial Regex Comment();
}
