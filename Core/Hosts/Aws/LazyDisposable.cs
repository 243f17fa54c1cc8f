namespace IacCi.Core.Hosts.Aws;

/// <summary>Something that is made when it is first asked for, and disposed of if it was made.</summary>
/// <param name="make">Makes it; it is called once, unless it fails.</param>
internal sealed class LazyDisposable<T>(Func<T> make) : IDisposable
    where T : class, IDisposable
{
    private readonly Lock gate = new();
    private T? made;

    /// <summary>It.</summary>
    public T Value
    {
        get
        {
            lock (gate)
            {
                return made ??= make();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => made?.Dispose();
}
