using YamlDotNet.Core;
using YamlDotNet.Core.Tokens;

namespace IacCi.Core.Jobs.Parsing;

/// <summary>
/// The library's scanner with one difference: to look at a token twice does not lose it. The parser looks ahead twice behind a scalar with
/// an anchor in a flow map, and would miss the comma there.
/// </summary>
internal sealed class YamlScanner(string content) : IScanner
{
    private readonly Scanner _inner = new(new StringReader(content));
    private bool _isLookedAt;

    public Mark CurrentPosition => _inner.CurrentPosition;

    public Token? Current => _inner.Current;

    public bool MoveNext()
    {
        if (_isLookedAt || _inner.Current is not null)
        {
            ConsumeCurrent();
        }

        return MoveNextWithoutConsuming();
    }

    /// <summary>Behind the last token the parser asks whether there is another one.</summary>
    public bool MoveNextWithoutConsuming() =>
        (_isLookedAt && _inner.Current is not StreamEnd) || (_isLookedAt = _inner.MoveNextWithoutConsuming());

    public void ConsumeCurrent()
    {
        _isLookedAt = false;
        _inner.ConsumeCurrent();
    }
}
