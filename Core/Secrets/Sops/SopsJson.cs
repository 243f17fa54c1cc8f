using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IacCi.Core.Secrets.Sops;

/// <summary>What is done with one value of a JSON file, which the reader stands on.</summary>
internal delegate void SopsJsonLeaf(ref Utf8JsonReader reader, Utf8JsonWriter writer, SopsPath place, bool inList);

/// <summary>
/// Copies a JSON object, value by value, in its order. Names that come twice are refused: readers differ in which one they take.
/// </summary>
internal static class SopsJson
{
    public const string MetadataName = "sops";

    /// <summary>How deep maps and lists may be nested.</summary>
    private const int MaxDepth = 256;

    // Two spaces, as sops writes with `indent: 2`, rather than its tabs: every bit of a space or a line feed that flips makes the file
    // invalid.
    private static readonly JsonWriterOptions Layout = new()
    {
        Indented = true,
        IndentCharacter = ' ',
        IndentSize = 2,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Copies the object.</summary>
    /// <param name="json">The whole file.</param>
    /// <param name="rule">Decides which names match.</param>
    /// <param name="leaf">Called for every value that is no map or list.</param>
    /// <param name="closing">Called at the end of the object at the top; null when the metadata is to be left out.</param>
    /// <exception cref="SecretsException">The file is not a JSON object, or has a name twice.</exception>
    public static byte[] Copy(ReadOnlySpan<byte> json, SopsRule rule, SopsJsonLeaf leaf, Action<Utf8JsonWriter>? closing)
    {
        var output = new ArrayBufferWriter<byte>(Math.Max(256, json.Length * 2));
        Guarded(json, (ref reader) =>
        {
            using var writer = new Utf8JsonWriter(output, Layout);
            new Copier(writer, rule, leaf, closing).Copy(ref reader);
        });
        output.Write("\n"u8);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The metadata in the flat form of <see cref="SopsMetadata.Read"/>.</summary>
    /// <exception cref="SecretsException">The file is not a JSON object with metadata.</exception>
    public static Dictionary<string, string?> ReadMetadata(ReadOnlySpan<byte> json)
    {
        Dictionary<string, string?>? flat = null;
        Guarded(json, (ref reader) =>
        {
            ExpectTop(ref reader);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (!reader.ValueTextEquals(MetadataName))
                {
                    reader.Skip();
                    continue;
                }

                if (flat is not null || !reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                {
                    throw SopsMetadata.Wrong("'sops' is there twice, or is not a map");
                }

                Flatten(ref reader, "", flat = []);
            }
        });
        return flat ?? throw SopsMetadata.Wrong("there is none ('sops' at the top): the file is not encrypted");
    }

    private static void Guarded(ReadOnlySpan<byte> json, ReaderAction action)
    {
        var reader = new Utf8JsonReader(TextFile.WithoutMark(json), new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            action(ref reader);
        }
        catch (JsonException wrong)
        {
            // The exception's own message can quote the file, and it may be a file of secrets.
            throw new SecretsException(
                SecretsError.Format,
                $"the file is not valid JSON (line {wrong.LineNumber + 1}, byte {wrong.BytePositionInLine + 1} of it)");
        }
        catch (InvalidOperationException)
        {
            // What the reader throws for text that is not Unicode, such as half of a surrogate pair.
            throw new SecretsException(
                SecretsError.Format, $"the file holds text that is not valid Unicode (near byte {reader.TokenStartIndex + 1})");
        }
    }

    private static void ExpectTop(ref Utf8JsonReader reader)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new SecretsException(
                SecretsError.Format,
                """a SOPS file holds one JSON object: put other things inside of one, such as {"data": [...]}""");
        }
    }

    /// <summary>Adds everything below the map or list that the reader stands on.</summary>
    private static void Flatten(ref Utf8JsonReader reader, string prefix, Dictionary<string, string?> flat)
    {
        var inList = reader.TokenType == JsonTokenType.StartArray;
        var count = 0;
        while (reader.Read() && reader.TokenType is not (JsonTokenType.EndObject or JsonTokenType.EndArray))
        {
            string name;
            if (inList)
            {
                name = $"{prefix}{SopsMetadata.ListMark}{count}";
            }
            else
            {
                name = Named(prefix, reader.GetString()!);
                reader.Read();
            }

            count++;
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                Flatten(ref reader, name, flat);
                continue;
            }

            if (!flat.TryAdd(name, Scalar(ref reader)))
            {
                throw SopsMetadata.Wrong($"'{name}' is there twice");
            }
        }

        if (count == 0)
        {
            flat.TryAdd(prefix, null);
        }
    }

    private static string Named(string prefix, string name) => prefix.Length == 0 ? name : $"{prefix}{SopsMetadata.MapMark}{name}";

    private static string? Scalar(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        JsonTokenType.String => reader.GetString(),
        _ => Encoding.UTF8.GetString(reader.ValueSpan),
    };

    private delegate void ReaderAction(ref Utf8JsonReader reader);

    /// <summary>One copy under way.</summary>
    private sealed class Copier(Utf8JsonWriter writer, SopsRule rule, SopsJsonLeaf leaf, Action<Utf8JsonWriter>? closing)
    {
        /// <summary>The maps and lists that the reader is in, the innermost on top.</summary>
        private readonly Stack<Frame> open = new();

        /// <summary>The place of the member whose name was read last.</summary>
        private SopsPath member = SopsPath.Top;

        /// <summary>The place of the value that comes: values of a list have the list's.</summary>
        private SopsPath Place => open.TryPeek(out var frame) && frame.IsList ? frame.Place : member;

        /// <summary>Copies all that the reader reads.</summary>
        public void Copy(ref Utf8JsonReader reader)
        {
            ExpectTop(ref reader);
            Open(isList: false);
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        CopyName(ref reader);
                        break;
                    case JsonTokenType.StartObject:
                        Open(isList: false);
                        break;
                    case JsonTokenType.StartArray:
                        Open(isList: true);
                        break;
                    case JsonTokenType.EndObject:
                    case JsonTokenType.EndArray:
                        Close();
                        break;
                    default:
                        leaf(ref reader, writer, Place, open.Peek().IsList);
                        break;
                }
            }
        }

        private void Open(bool isList)
        {
            open.Push(new Frame(Place, isList));
            if (isList)
            {
                writer.WriteStartArray();
            }
            else
            {
                writer.WriteStartObject();
            }
        }

        private void Close()
        {
            var isList = open.Pop().IsList;
            if (isList)
            {
                writer.WriteEndArray();
                return;
            }

            if (open.Count == 0)
            {
                closing?.Invoke(writer);
            }

            writer.WriteEndObject();
        }

        /// <summary>Copies a member's name; the metadata is left out with its value.</summary>
        private void CopyName(ref Utf8JsonReader reader)
        {
            var name = open.Peek().Unique(reader.GetString()!);
            if (open.Count == 1 && name == MetadataName)
            {
                SkipMetadata(ref reader);
                return;
            }

            writer.WritePropertyName(name);
            member = open.Peek().Place.Below(name, rule);
        }

        private void SkipMetadata(ref Utf8JsonReader reader)
        {
            if (closing is not null)
            {
                throw new SecretsException(
                    SecretsError.Format,
                    "the file has 'sops' at its top, the name sops keeps for itself: it is encrypted already, or that name must be " +
                        "another one");
            }

            reader.Skip();
        }
    }

    /// <summary>An open map or list, and the names met in it.</summary>
    private sealed record Frame(SopsPath Place, bool IsList)
    {
        private readonly HashSet<string> _names = new(StringComparer.Ordinal);

        public string Unique(string name) => _names.Add(name)
            ? name
            : throw new SecretsException(
                SecretsError.Format, $"{Place.Below(name, SopsRule.Default)} is there twice: each name may stand once in its map");
    }
}
