using System.Text;

namespace IacCi.Core.Projects.Hcl;

/// <summary>
/// Takes HCL (https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md) apart into tokens. Code, quoted texts and heredocs stand in
/// each other by <c>${ }</c>; which of them the next character belongs to is on a stack, so that no nesting makes it recurse.
/// </summary>
internal sealed class HclLexer
{
    /// <summary>How deep texts and <c>${ }</c> may stand in each other.</summary>
    private const int MaxDepth = 200;

    private readonly string _text;
    private readonly List<HclToken> _tokens;
    private readonly Stack<Frame> _frames = new();
    private Frame _frame;
    private int _at;

    private HclLexer(string text, Frame frame)
    {
        _text = text;
        _frame = frame;
        _tokens = new List<HclToken>(text.Length / 4);
    }

    private enum Within
    {
        Code,
        Quote,
        Heredoc,
    }

    /// <summary>The tokens of a file; the last is its end.</summary>
    /// <exception cref="HclSyntaxException">It is not HCL.</exception>
    public static List<HclToken> File(string text) => new HclLexer(text, new Frame(Within.Code, 0)).Read();

    /// <summary>The tokens of a template that stands by itself, as the texts of HCL's JSON syntax do: no quotes, no escapes.</summary>
    /// <exception cref="HclSyntaxException">It is not one.</exception>
    public static List<HclToken> Template(string text) => new HclLexer(text, new Frame(Within.Heredoc, 0)).Read();

    private List<HclToken> Read()
    {
        while (_at < _text.Length)
        {
            switch (_frame.Within)
            {
                case Within.Code:
                    ReadCode();
                    break;
                case Within.Quote:
                    ReadQuote();
                    break;
                default:
                    ReadHeredoc();
                    break;
            }
        }

        if (_frames.Count > 0)
        {
            throw new HclSyntaxException(_frame.Start, _frame.Within switch
            {
                Within.Quote => "this text has no closing quote; add it",
                Within.Heredoc => $"this heredoc has no line {_frame.Marker} behind it; add it",
                _ => "this '${' or '%{' has no closing '}'; add it",
            });
        }

        Add(HclKind.End, _text.Length, 0);
        return _tokens;
    }

    private void ReadCode()
    {
        var c = _text[_at];
        switch (c)
        {
            case ' ' or '\t':
            case '\r' when Next(1) == '\n':
                _at++;
                break;
            case '\n':
                Take(HclKind.Newline, 1);
                break;
            case '#':
            case '/' when Next(1) == '/':
                _at = Find('\n', _at);
                break;
            case '/' when Next(1) == '*':
                var end = _text.IndexOf("*/", _at + 2, StringComparison.Ordinal);
                _at = end < 0 ? throw new HclSyntaxException(_at, "this comment has no closing '*/'; add it") : end + 2;
                break;
            case '"':
                Push(HclKind.QuoteOpen, 1, new Frame(Within.Quote, _at));
                break;
            case '<' when Next(1) == '<' && MarkerAt(_at + 2) is { } marker:
                var lineEnd = Find('\n', _at);
                Push(HclKind.HeredocOpen, lineEnd + 1 - _at, new Frame(Within.Heredoc, _at) { Marker = marker, IsLineStart = true });
                break;
            case '{' or '(' or '[':
                _frame.Braces += c == '{' ? 1 : 0;
                Take(HclKind.Open, 1);
                break;
            case '~' when Next(1) == '}' && IsTemplateEnd():
                Pop(HclKind.TemplateClose, 2);
                break;
            case '}' when IsTemplateEnd():
                Pop(HclKind.TemplateClose, 1);
                break;
            case '}' or ')' or ']':
                _frame.Braces -= c == '}' ? 1 : 0;
                Take(HclKind.Close, 1);
                break;
            default:
                ReadWord(c);
                break;
        }
    }

    private void ReadWord(char c)
    {
        if (char.IsAsciiDigit(c))
        {
            Take(HclKind.Number, NumberEnd() - _at);
        }
        else if (NameEnd(_at) is var end && end > _at)
        {
            Take(HclKind.Name, end - _at);
        }
        else if ("+-*/%!=<>&|?:,.".Contains(c))
        {
            Take(HclKind.Sign, 1);
        }
        else
        {
            throw new HclSyntaxException(_at, c == '\''
                ? "a text stands in double quotes; write them"
                : "this character has no meaning here; remove it, or put the text in double quotes");
        }
    }

    private void ReadQuote()
    {
        var start = _at;
        for (; _at < _text.Length; _at++)
        {
            switch (_text[_at])
            {
                case '"':
                    AddText(start);
                    Pop(HclKind.QuoteClose, 1);
                    return;
                case '\n':
                    throw new HclSyntaxException(
                        _frame.Start, "this text has no closing quote in its line; add it, or use a heredoc (<<EOT)");
                case '\\':
                    _at++;
                    break;
                default:
                    if (OpensTemplate(start))
                    {
                        return;
                    }

                    break;
            }
        }
    }

    private void ReadHeredoc()
    {
        var start = _at;
        while (_at < _text.Length)
        {
            if (_frame.IsLineStart && _frame.Marker is not null && Find('\n', _at) is var end && IsMarker(_at, end))
            {
                AddText(start);
                CloseHeredoc(end);
                return;
            }

            _frame.IsLineStart = _text[_at] == '\n';
            if (OpensTemplate(start))
            {
                return;
            }

            _at++;
        }

        AddText(start);
    }

    /// <summary>Begins the code of a <c>${ }</c> or <c>%{ }</c> that stands here; steps over one that is escaped by doubling.</summary>
    private bool OpensTemplate(int textStart)
    {
        var c = _text[_at];
        if (c is not ('$' or '%'))
        {
            return false;
        }

        if (Next(1) == c && Next(2) == '{')
        {
            _at += 2;
            return false;
        }

        if (Next(1) != '{')
        {
            return false;
        }

        AddText(textStart);
        Push(HclKind.TemplateOpen, Next(2) == '~' ? 3 : 2, new Frame(Within.Code, _at) { IsTemplate = true });
        return true;
    }

    private bool IsTemplateEnd() => _frame is { IsTemplate: true, Braces: 0 };

    private bool IsMarker(int start, int end) =>
        start < end && _text.AsSpan(start, end - start).Trim().SequenceEqual(_frame.Marker);

    private void CloseHeredoc(int end) => Pop(HclKind.HeredocClose, end - _at);

    /// <summary>The word that ends a heredoc which begins here; null when this is no heredoc.</summary>
    private string? MarkerAt(int at)
    {
        at += at < _text.Length && _text[at] == '-' ? 1 : 0;
        var end = NameEnd(at);
        var rest = end < _text.Length && _text[end] == '\r' ? end + 1 : end;
        return end > at && rest < _text.Length && _text[rest] == '\n' ? _text[at..end] : null;
    }

    private int NumberEnd()
    {
        var end = Digits(_at);
        end = end + 1 < _text.Length && _text[end] == '.' && char.IsAsciiDigit(_text[end + 1]) ? Digits(end + 1) : end;
        if (end < _text.Length && _text[end] is 'e' or 'E')
        {
            var exponent = end + 1 < _text.Length && _text[end + 1] is '+' or '-' ? end + 2 : end + 1;
            end = Digits(exponent) > exponent ? Digits(exponent) : end;
        }

        return end;
    }

    private int Digits(int at)
    {
        while (at < _text.Length && char.IsAsciiDigit(_text[at]))
        {
            at++;
        }

        return at;
    }

    /// <summary>Where the name that begins here ends; here when none does. Names are UAX #31's, with dashes in them.</summary>
    private int NameEnd(int at)
    {
        for (var start = at; at < _text.Length;)
        {
            var c = _text[at];
            if (!(char.IsAsciiLetter(c) || c == '_' || (at > start && (char.IsAsciiDigit(c) || c == '-'))))
            {
                if (c < 0x80 || !Rune.TryGetRuneAt(_text, at, out var rune) || !(Rune.IsLetter(rune) || (at > start && IsMark(rune))))
                {
                    return at;
                }

                at += rune.Utf16SequenceLength - 1;
            }

            at++;
        }

        return at;
    }

    private static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.NonSpacingMark
        or System.Globalization.UnicodeCategory.SpacingCombiningMark or System.Globalization.UnicodeCategory.DecimalDigitNumber
        or System.Globalization.UnicodeCategory.ConnectorPunctuation;

    private int Find(char c, int from) => _text.IndexOf(c, from) is >= 0 and var found ? found : _text.Length;

    private char Next(int offset) => _at + offset < _text.Length ? _text[_at + offset] : '\0';

    private void Add(HclKind kind, int start, int length) => _tokens.Add(new HclToken(kind, start, length));

    private void AddText(int start)
    {
        if (_at > start)
        {
            Add(HclKind.Text, start, _at - start);
        }
    }

    private void Take(HclKind kind, int length)
    {
        length = Math.Min(length, _text.Length - _at);
        Add(kind, _at, length);
        _at += length;
    }

    private void Push(HclKind kind, int length, Frame frame)
    {
        if (_frames.Count == MaxDepth)
        {
            throw new HclSyntaxException(_at, $"texts and '${{ }}' stand deeper than {MaxDepth} in each other here; use a local value");
        }

        Take(kind, length);
        _frames.Push(_frame);
        _frame = frame;
    }

    private void Pop(HclKind kind, int length)
    {
        Take(kind, length);
        _frame = _frames.Pop();
        _frame.IsLineStart = false;
    }

    private record struct Frame(Within Within, int Start)
    {
        /// <summary>The word that ends a heredoc; null for a template that takes all of the text.</summary>
        public string? Marker { get; init; }

        public bool IsTemplate { get; init; }

        public int Braces { get; set; }

        public bool IsLineStart { get; set; }
    }
}
