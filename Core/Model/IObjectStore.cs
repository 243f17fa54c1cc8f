namespace IacCi.Core.Model;

/// <summary>
/// A flat store of objects under keys: one S3 bucket, or a folder. Reads see every write that has returned. When a write
/// throws, it may or may not have happened.
/// </summary>
/// <exception cref="Text.StoreUnavailableException">Any method, when the store does not answer or is throttled for longer than it
/// retries.</exception>
internal interface IObjectStore
{
    /// <summary>The object's bytes, or null when there is none.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="maxBytes">The most that is read.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <exception cref="ObjectTooLargeException">The object is larger than <paramref name="maxBytes"/>.</exception>
    ValueTask<ReadOnlyMemory<byte>?> GetAsync(string key, long maxBytes, CancellationToken cancellationToken);

    /// <summary>The object with the time at which it was written, or null when there is none.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="maxBytes">The most that is read.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <exception cref="ObjectTooLargeException">The object is larger than <paramref name="maxBytes"/>.</exception>
    ValueTask<StoredObject?> ReadAsync(string key, long maxBytes, CancellationToken cancellationToken);

    /// <summary>Whether there is an object.</summary>
    ValueTask<bool> ExistsAsync(string key, CancellationToken cancellationToken);

    /// <summary>Creates the object, if the key is free.</summary>
    /// <returns>False when the key was taken; what stood there is unchanged.</returns>
    ValueTask<bool> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>
    /// Creates the object from a file, if the key is free. A large one never is in memory as a whole. The file may go afterwards, and is
    /// not written to.
    /// </summary>
    /// <returns>False when the key was taken; what stood there is unchanged.</returns>
    async ValueTask<bool> CreateFromFileAsync(string key, string file, CancellationToken cancellationToken) =>
        await CreateAsync(key, await File.ReadAllBytesAsync(file, cancellationToken), cancellationToken);

    /// <summary>
    /// Opens the object for reading; null when there is none. It can be sought, and does not have to be in memory as a whole.
    /// </summary>
    /// <param name="key">Its key.</param>
    /// <param name="maxBytes">The most that is read.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <exception cref="ObjectTooLargeException">The object is larger than <paramref name="maxBytes"/>.</exception>
    async ValueTask<Stream?> OpenAsync(string key, long maxBytes, CancellationToken cancellationToken) =>
        await GetAsync(key, maxBytes, cancellationToken) is { } content ? new MemoryStream(content.ToArray(), writable: false) : null;

    /// <summary>Writes the object, whatever stood there.</summary>
    ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>The keys that begin with a prefix, in the order of their bytes.</summary>
    IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken);
}

/// <summary>An object as a store keeps it.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="WrittenAt">
/// When it was written, by the store's own clock: later when it was copied or restored since, never earlier. Null where a store cannot
/// promise that: the times of a file are for anybody to set.
/// </param>
internal readonly record struct StoredObject(ReadOnlyMemory<byte> Content, DateTimeOffset? WrittenAt);

/// <summary>An object is larger than the reader allows.</summary>
internal sealed class ObjectTooLargeException(string key, long maxBytes) : Exception($"{key} is larger than {maxBytes:N0} bytes")
{
}
