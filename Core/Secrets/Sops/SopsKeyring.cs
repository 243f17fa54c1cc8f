using System.Security.Cryptography;
using IacCi.Core.Secrets.Age;

namespace IacCi.Core.Secrets.Sops;

/// <summary>
/// Remembers the last data keys that were unwrapped: the files of one <see cref="SopsEncryptor"/> have one in common, and unwrapping is
/// what costs time. A key is given only to who has the identity that opens it. May be used by several threads at once.
/// </summary>
internal sealed class SopsKeyring : IDisposable
{
    private const int MaxKept = 16;

    private readonly LinkedList<(AgeRecipient Recipient, string Wrapped, byte[] Key)> kept = [];
    private readonly Lock gate = new();

    /// <summary>A copy of the key that was wrapped so for this recipient; null when it is not remembered.</summary>
    internal byte[]? Find(AgeRecipient recipient, string wrapped)
    {
        lock (gate)
        {
            foreach (var known in kept)
            {
                if (known.Wrapped == wrapped && known.Recipient.Equals(recipient))
                {
                    return [.. known.Key];
                }
            }
        }

        return null;
    }

    /// <summary>Remembers a key, and forgets the one that came first when there are too many.</summary>
    internal void Keep(AgeRecipient recipient, string wrapped, ReadOnlySpan<byte> key)
    {
        lock (gate)
        {
            kept.AddFirst((recipient, wrapped, key.ToArray()));
            if (kept.Count > MaxKept)
            {
                CryptographicOperations.ZeroMemory(kept.Last!.Value.Key);
                kept.RemoveLast();
            }
        }
    }

    /// <summary>Forgets all keys.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            foreach (var known in kept)
            {
                CryptographicOperations.ZeroMemory(known.Key);
            }

            kept.Clear();
        }
    }
}
