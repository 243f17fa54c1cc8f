namespace IacCi.Core.Projects.Hcl;

/// <summary>Puts tokens together into blocks and attributes. Of expressions it knows where they end and that their brackets fit.</summary>
internal sealed class HclParser(HclFile file)
{
    /// <summary>How deep blocks may stand in each other, and brackets in an expression. (Terraform's own need about ten.)</summary>
    private const int MaxDepth = 200;

    private readonly Stack<int> _open = new();
    private int _at;

    /// <summary>Reads the body of the file.</summary>
    /// <exception cref="HclSyntaxException">Something in it has no meaning.</exception>
    public void Read()
    {
        ReadBody(file.Body, 0);
        if (!file.Is(_at, HclKind.End))
        {
            throw Wrong(_at, "this '}' closes nothing; remove it");
        }
    }

    private void ReadBody(HclBody body, int depth)
    {
        if (depth > MaxDepth)
        {
            throw Wrong(_at, $"blocks stand deeper than {MaxDepth} in each other here");
        }

        for (_at = file.SkipNewlines(_at); !file.Is(_at, HclKind.End)
            && !file.IsSign(_at, HclKind.Close, '}'); _at = file.SkipNewlines(_at))
        {
            ReadItem(body, depth);
        }
    }

    private void ReadItem(HclBody body, int depth)
    {
        var first = _at;
        if (!file.Is(first, HclKind.Name))
        {
            throw Wrong(first, "a block or an attribute begins with a name; write one here");
        }

        _at++;
        if (file.IsSign(_at, HclKind.Sign, '='))
        {
            var value = ++_at;
            SkipExpression();
            body.Attributes.Add(new HclAttribute(first, value, _at));
            return;
        }

        List<string> labels = [];
        while (ReadLabel() is { } label)
        {
            labels.Add(label);
        }

        if (!file.IsSign(_at, HclKind.Open, '{'))
        {
            throw Wrong(_at, $"behind {Show(file.Text(first))} an attribute has '=' and a block has '{{'; write one of them");
        }

        var block = new HclBlock(file.Text(first), labels, new HclBody(), first);
        body.Blocks.Add(block); // What was read of it stays when the rest has no meaning.
        _at++;
        ReadBody(block.Body, depth + 1);
        if (!file.IsSign(_at, HclKind.Close, '}'))
        {
            throw Wrong(first, $"this block {Show(block.Type)} has no closing '}}'; add it");
        }

        _at++;
    }

    private string? ReadLabel()
    {
        if (file.Is(_at, HclKind.Name))
        {
            return file.Text(_at++);
        }

        if (!file.Is(_at, HclKind.QuoteOpen))
        {
            return null;
        }

        var literal = HclLiteral.At(file, _at) is { Base: LiteralBase.None } found
            ? found
            : throw Wrong(_at, "a block's label is a plain text; write it without '${ }'");
        _at = literal.End;
        return literal.Text;
    }

    /// <summary>Goes to the end of the expression: of its line, or of the block that stands in one line.</summary>
    private void SkipExpression()
    {
        var first = _at;
        _open.Clear();
        for (; !(_open.Count == 0 && (file.Is(_at, HclKind.Newline) || file.IsSign(_at, HclKind.Close, '}'))); _at++)
        {
            switch (file.Tokens[_at].Kind)
            {
                case HclKind.End when _open.Count == 0:
                    CheckNotEmpty(first);
                    return;
                case HclKind.End:
                    throw Wrong(_open.Peek(), "this bracket is not closed; close it");
                case HclKind.Open or HclKind.QuoteOpen or HclKind.HeredocOpen or HclKind.TemplateOpen:
                    Open();
                    break;
                case HclKind.Close or HclKind.QuoteClose or HclKind.HeredocClose or HclKind.TemplateClose:
                    Close();
                    break;
                default:
                    break;
            }
        }

        CheckNotEmpty(first);
    }

    private void Open()
    {
        if (_open.Count == MaxDepth)
        {
            throw Wrong(_at, $"brackets stand deeper than {MaxDepth} in each other here; use a local value");
        }

        _open.Push(_at);
    }

    private void Close()
    {
        var fits = _open.TryPop(out var opened) && (!file.Is(_at, HclKind.Close) || (file.First(opened), file.First(_at)) is
            ('(', ')') or ('[', ']') or ('{', '}'));
        if (!fits)
        {
            throw Wrong(_at, "this bracket does not fit the one that is open; correct one of them");
        }
    }

    private void CheckNotEmpty(int first)
    {
        if (_at == first)
        {
            throw Wrong(_at, "a value is missing behind '='; write one");
        }
    }

    private HclSyntaxException Wrong(int token, string message) => new(file.Tokens[token].Start, message);

    private static string Show(string name) => Jobs.Parsing.Diagnostics.Quote(name);
}
