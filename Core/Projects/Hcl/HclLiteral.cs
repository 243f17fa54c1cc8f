using System.Globalization;
using System.Text;

namespace IacCi.Core.Projects.Hcl;

/// <summary>What a literal text begins with.</summary>
internal enum LiteralBase
{
    None,

    /// <summary><c>path.module</c>: the folder of the file.</summary>
    Module,

    /// <summary><c>path.root</c> or <c>path.cwd</c>: the folder in which Terraform runs.</summary>
    Root,
}

/// <summary>A text that is known without evaluating anything: literal, or <c>path.module</c> with a literal behind it.</summary>
/// <param name="Base">What it begins with.</param>
/// <param name="Text">The rest of it.</param>
/// <param name="End">The token behind it.</param>
internal readonly record struct HclLiteral(LiteralBase Base, string Text, int End)
{
    /// <summary>The text that begins at a token; null when that is none, or has to be evaluated.</summary>
    public static HclLiteral? At(HclFile file, int token)
    {
        if (PathBase(file, token) is { } folder)
        {
            return new HclLiteral(folder, "", token + 3);
        }

        if (!file.Is(token, HclKind.QuoteOpen))
        {
            return null;
        }

        var begins = LiteralBase.None;
        token++;
        if (file.Is(token, HclKind.TemplateOpen) && PathBase(file, token + 1) is { } known && file.Is(token + 4, HclKind.TemplateClose))
        {
            (begins, token) = (known, token + 5);
        }

        var text = file.Is(token, HclKind.Text) ? Unescape(file.Text(token++)) : "";
        return text is not null && file.Is(token, HclKind.QuoteClose) ? new HclLiteral(begins, text, token + 1) : null;
    }

    /// <summary>The value of an attribute, if all of it is a literal.</summary>
    public static HclLiteral? Of(HclFile file, HclAttribute attribute) =>
        At(file, attribute.First) is { } literal && literal.End == attribute.End ? literal : null;

    /// <summary>The plain text of an attribute; null when there is none.</summary>
    public static string? TextOf(HclFile file, HclAttribute? attribute) =>
        attribute is { } there && Of(file, there) is { Base: LiteralBase.None } literal ? literal.Text : null;

    private static LiteralBase? PathBase(HclFile file, int token) =>
        !file.IsName(token, "path") || !file.IsSign(token + 1, HclKind.Sign, '.') ? null
        : file.IsName(token + 2, "module") ? LiteralBase.Module
        : file.IsName(token + 2, "root") || file.IsName(token + 2, "cwd") ? LiteralBase.Root
        : null;

    /// <summary>A quoted text without its escapes; null when one of them is none.</summary>
    private static string? Unescape(string written)
    {
        if (!written.AsSpan().ContainsAny('\\', '$', '%'))
        {
            return written;
        }

        var text = new StringBuilder(written.Length);
        for (var i = 0; i < written.Length; i++)
        {
            var c = written[i];
            if (c is '$' or '%' && i + 2 < written.Length && written[i + 1] == c && written[i + 2] == '{')
            {
                i++;
            }
            else if (c == '\\')
            {
                if (!Append(text, written, ref i))
                {
                    return null;
                }

                continue;
            }

            text.Append(c);
        }

        return text.ToString();
    }

    private static bool Append(StringBuilder text, string written, ref int at)
    {
        var kind = ++at < written.Length ? written[at] : '\0';
        var digits = kind switch { 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0)
        {
            var isRune = at + digits < written.Length
                && int.TryParse(written.AsSpan(at + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
                && Rune.IsValid(code);
            if (isRune)
            {
                text.Append(
                    new Rune(int.Parse(written.AsSpan(at + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)));
                at += digits;
            }

            return isRune;
        }

        char? plain = kind switch { 'n' => '\n', 'r' => '\r', 't' => '\t', '"' => '"', '\\' => '\\', _ => null };
        text.Append(plain ?? '\0');
        return plain is not null;
    }
}
