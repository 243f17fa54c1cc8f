namespace IacCi.Emulated;

/// <summary>Wakes everybody who waits for something to have happened.</summary>
internal sealed class Ticker
{
    private TaskCompletionSource _next = New();

    public Task Next => _next.Task;

    public void Beat() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
