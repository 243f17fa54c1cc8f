namespace IacCi.Core.Projects.Hcl;

/// <summary>What a token is. Brackets, quotes, heredocs and <c>${ }</c> each have an opening and a closing one.</summary>
internal enum HclKind : byte
{
    End,
    Newline,
    Name,
    Number,

    /// <summary>One character of an operator or a separator.</summary>
    Sign,

    /// <summary><c>(</c>, <c>[</c> or <c>{</c>.</summary>
    Open,

    /// <summary><c>)</c>, <c>]</c> or <c>}</c>.</summary>
    Close,
    QuoteOpen,
    QuoteClose,
    HeredocOpen,
    HeredocClose,

    /// <summary>Characters of a quoted text or of a heredoc, as written, with their escapes.</summary>
    Text,

    /// <summary><c>${</c> or <c>%{</c>.</summary>
    TemplateOpen,
    TemplateClose,
}

/// <summary>A token, by its place in the text.</summary>
internal readonly record struct HclToken(HclKind Kind, int Start, int Length);

/// <summary>What a file has that is not HCL; its place, 1-based.</summary>
internal sealed record HclError(int Line, int Column, string Message);

/// <summary>The text is not HCL at this character.</summary>
internal sealed class HclSyntaxException(int at, string message) : Exception(message)
{
    public int At { get; } = at;
}
