using IacCi.Core.Engine;
using IacCi.Core.Model;

namespace IacCi.Core.Terminal;

/// <summary>Shows a run while it runs. It never ends or delays the run: what cannot be written is not shown.</summary>
internal interface IRunDisplay : IAsyncDisposable
{
    /// <summary>Takes in a pass.</summary>
    void Take(RunProgress progress);

    /// <summary>Takes in the last line of an order's output.</summary>
    void Take(OrderNum num, string lastLine);

    /// <summary>Shows a line about the run as a whole, now.</summary>
    void Note(string line);
}

/// <summary>Shows nothing.</summary>
internal sealed class NoDisplay : IRunDisplay
{
    /// <summary>The one instance.</summary>
    public static NoDisplay Instance { get; } = new();

    /// <inheritdoc/>
    public void Take(RunProgress progress)
    {
    }

    /// <inheritdoc/>
    public void Take(OrderNum num, string lastLine)
    {
    }

    /// <inheritdoc/>
    public void Note(string line)
    {
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
