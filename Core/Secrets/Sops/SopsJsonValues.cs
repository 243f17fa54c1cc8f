using System.Globalization;
using System.Text;
using System.Text.Json;

namespace IacCi.Core.Secrets.Sops;

/// <summary>Encrypts and decrypts the single values of a JSON file, as sops' JSON store types them.</summary>
internal sealed class SopsJsonValues(SopsCipher cipher, SopsMac mac, SopsRule rule)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Encrypts the value the reader stands on, unless the rule leaves it plain.</summary>
    public void Encrypt(ref Utf8JsonReader reader, Utf8JsonWriter writer, SopsPath place, bool inList)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            writer.WriteNullValue();
            return;
        }

        var encrypts = rule.Encrypts(place.Matched);
        var (type, plain, rounded) = Read(ref reader, place);
        mac.Add(type == "float" ? rounded : plain, rounded, encrypts);
        if (!encrypts || plain.Length == 0)
        {
            WritePlain(ref reader, writer);
            return;
        }

        writer.WriteStringValue(cipher.Encrypt(plain, type, place.Binding));
    }

    /// <summary>Decrypts the value the reader stands on, unless the rule leaves it plain.</summary>
    public void Decrypt(ref Utf8JsonReader reader, Utf8JsonWriter writer, SopsPath place, bool inList)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            writer.WriteNullValue();
            return;
        }

        if (!rule.Encrypts(place.Matched))
        {
            var (type, plain, rounded) = Read(ref reader, place);
            mac.Add(type == "float" ? rounded : plain, rounded, encrypted: false);
            WritePlain(ref reader, writer);
            return;
        }

        var text = reader.TokenType == JsonTokenType.String
            ? reader.GetString()!
            : throw new SecretsException(
                SecretsError.Value, $"{place} is not encrypted although it should be: someone changed the file by hand");
        if (text.Length == 0)
        {
            writer.WriteStringValue("");
            return;
        }

        Write(writer, cipher.Decrypt(text, place.Binding, place.ToString()), place, inList);
    }

    /// <summary>A plain value: sops' type, the bytes it encrypts, and, of a number, what a double makes of it.</summary>
    private static (string Type, byte[] Plain, byte[] Rounded) Read(ref Utf8JsonReader reader, SopsPath place)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                var text = Encoding.UTF8.GetBytes(reader.GetString()!);
                return ("str", text, text);
            case JsonTokenType.Number:
                // What is no whole number is a double to sops. The digits as written are kept in the encrypted value, so that ours come
                // back as they were; what a double makes of them is what goes into the MAC, so that sops agrees.
                var number = Encoding.ASCII.GetString(reader.ValueSpan);
                return (SopsNumber.IsWhole(number)
                    ? "int"
                    : "float", reader.ValueSpan.ToArray(), Encoding.ASCII.GetBytes(Canonical(number, place)));
            default:
                var word = reader.TokenType == JsonTokenType.True ? "True"u8.ToArray() : "False"u8.ToArray();
                return ("bool", word, word);
        }
    }

    private static void WritePlain(ref Utf8JsonReader reader, Utf8JsonWriter writer)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            writer.WriteStringValue(reader.GetString());
            return;
        }

        writer.WriteRawValue(reader.ValueSpan, skipInputValidation: true);
    }

    private void Write(Utf8JsonWriter writer, SopsValue value, SopsPath place, bool inList)
    {
        switch (value.Type)
        {
            case "str" or "time":
                mac.Add(value.Bytes, encrypted: true);
                writer.WriteStringValue(Text(value, place));
                return;
            case "bytes":
                mac.Add(value.Bytes, encrypted: true);
                writer.WriteBase64StringValue(value.Bytes);
                return;
            case "int" or "float":
                WriteNumber(writer, value, place);
                return;
            case "bool":
                var yes =
                    Text(value, place) switch
                    {
                        "True" or "true" => true,
                        "False" or "false" => false,
                        _ => throw Unreadable(value, place)
                    };
                mac.Add(yes ? "True"u8 : "False"u8, encrypted: true);
                writer.WriteBooleanValue(yes);
                return;
            case "comment" when inList:
                // A comment of a YAML list, brought to JSON: sops leaves it out, of the MAC too.
                return;
            default:
                throw Unreadable(value, place);
        }
    }

    private void WriteNumber(Utf8JsonWriter writer, SopsValue value, SopsPath place)
    {
        var text = Text(value, place);
        var whole = value.Type == "int";
        if (!SopsNumber.IsJson(text) || (whole && !long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)))
        {
            throw Unreadable(value, place);
        }

        var rounded = Encoding.ASCII.GetBytes(Canonical(text, place));
        mac.Add(whole ? value.Bytes : rounded, rounded, encrypted: true);
        writer.WriteRawValue(text, skipInputValidation: true);
    }

    private static string Canonical(string number, SopsPath place) => SopsNumber.Canonical(number)
        ?? throw new SecretsException(SecretsError.Format, $"{place} is a number too large for sops: write it as a string");

    private static string Text(SopsValue value, SopsPath place)
    {
        try
        {
            return StrictUtf8.GetString(value.Bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new SecretsException(SecretsError.Format, $"{place} is not text (UTF-8), so JSON cannot hold it");
        }
    }

    private static SecretsException Unreadable(SopsValue value, SopsPath place) =>
        new(
            SecretsError.Value,
            $"{place} says it is of type '{Shown(value.Type)}' and is not: it is damaged, or of a kind JSON cannot hold");

    private static string Shown(string type) => type.Length <= 20 ? type : type[..20];
}
