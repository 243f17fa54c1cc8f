using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Bundles;

/// <summary>Fetches bundles.</summary>
internal interface IBundleSource
{
    /// <summary>The bytes of an order's bundle.</summary>
    /// <exception cref="BundleException">There is none, or it is larger than <paramref name="maxBytes"/>.</exception>
    /// <exception cref="StoreUnavailableException">It could not be had for longer than is retried.</exception>
    ValueTask<ReadOnlyMemory<byte>> FetchAsync(OrderAssignment order, long maxBytes, CancellationToken cancellationToken);

    /// <summary>Opens the archive of an order's code, which the orders of its run share. It can be sought.</summary>
    /// <param name="order">The order.</param>
    /// <param name="sha256">The digest that its bundle names; the caller compares it with the content.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <exception cref="BundleException">There is none, or it is too large.</exception>
    /// <exception cref="StoreUnavailableException">It could not be had for longer than is retried.</exception>
    ValueTask<Stream> OpenCodeAsync(OrderAssignment order, string sha256, CancellationToken cancellationToken);
}

/// <summary>An order's bundle cannot be used. The message holds no secret: it becomes part of the order's failure reason.</summary>
/// <param name="reason">Why: <see cref="FailureReason.BundleInvalid"/> or <see cref="FailureReason.DecryptFailed"/>, with what is
/// wrong.</param>
/// <param name="inner">What was caught.</param>
internal sealed class BundleException(FailureReason reason, Exception? inner = null) : UserException(reason.ToString(), inner: inner)
{
    /// <summary>Why.</summary>
    public FailureReason Reason { get; } = reason;

    /// <summary>The bundle itself is wrong.</summary>
    public static BundleException Invalid(string detail, Exception? inner = null) =>
        new(new FailureReason(FailureReason.BundleInvalid, detail), inner);

    /// <summary>Its secrets cannot be decrypted.</summary>
    public static BundleException Undecryptable(string detail, Exception? inner = null) =>
        new(new FailureReason(FailureReason.DecryptFailed, detail), inner);
}
