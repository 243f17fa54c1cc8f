using IacCi.Core.Model;

namespace IacCi.Core.Bundles;

/// <summary>What is in an order's bundle, once it is decrypted. Values are secret: it is never written anywhere.</summary>
internal sealed record OrderContent
{
    /// <summary>The commands.</summary>
    public required IReadOnlyList<string> Commands { get; init; }

    /// <summary>Every variable of the commands and its value: the caller's, the fetched ones, and the engine's.</summary>
    public required IReadOnlyDictionary<string, string> Variables { get; init; }

    /// <summary>The values that are masked wherever they appear.</summary>
    public required IReadOnlyCollection<string> SecretValues { get; init; }

    /// <summary>How long the commands may take.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>How often the whole list is run again after a failure.</summary>
    public int Retries { get; init; }

    /// <summary>How the commands are ended before they are through.</summary>
    public StopPolicy Stop { get; init; } = StopPolicy.Default;

    /// <summary>What becomes of what the commands leave in their copy of the code.</summary>
    public KeepChanges KeepChanges { get; init; }

    /// <summary>What a person should know about how the code was packed, one line each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>An order's bundle, unpacked. Disposing removes its folders.</summary>
internal interface IOpenedOrder : IDisposable
{
    /// <summary>What it holds.</summary>
    OrderContent Content { get; }

    /// <summary>Where its code lies and its commands run.</summary>
    string Folder { get; }

    /// <summary>Whether that is a copy of the code that goes with the order, and not the folder of the code itself.</summary>
    bool IsCopy { get; }

    /// <summary>An empty folder for events.</summary>
    string EventsFolder { get; }

    /// <summary>The order's own folder around a copy of the code, into which commands may write too; null where there is none.</summary>
    string? Around => null;

    /// <summary>Disposing removes nothing: what is in the folders could not be kept elsewhere.</summary>
    void Leave()
    {
    }
}

/// <summary>Unpacks and decrypts bundles.</summary>
internal interface IOrderOpener
{
    /// <summary>Unpacks a bundle, whose digest has been checked, into new folders, and decrypts its variables in memory.</summary>
    /// <exception cref="BundleException">It is no bundle, or its secrets cannot be decrypted. Nothing is left on the disk.</exception>
    ValueTask<IOpenedOrder> OpenAsync(OrderAssignment order, ReadOnlyMemory<byte> bundle, CancellationToken cancellationToken);
}
