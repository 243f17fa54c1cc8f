namespace IacCi.Core.Local;

/// <summary>One order's place among those at work, while it has one.</summary>
/// <param name="places">All places.</param>
internal sealed class WorkPlace(SemaphoreSlim places)
{
    private int held;

    /// <summary>Waits for a place; who came first gets the next.</summary>
    internal async ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        await places.WaitAsync(cancellationToken);
        held = 1;
    }

    /// <summary>Gives the place back, if there is one.</summary>
    internal void Leave()
    {
        if (Interlocked.Exchange(ref held, 0) == 1)
        {
            places.Release();
        }
    }
}
