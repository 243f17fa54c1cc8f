namespace IacCi.Core.Secrets.Sops;

/// <summary>
/// Puts a key together that was split by Shamir's scheme as sops does it (its shamir/README.md): each byte is the value at 0 of a
/// polynomial over
/// GF(2^8) of AES; a share has the values at one x, and then x itself.
/// </summary>
internal static class ShamirShares
{
    private const int Reduction = 0x11B;

    /// <summary>The key; null when these are no shares of one key. With too few of them it is another key, which opens nothing.</summary>
    public static byte[]? Combine(IReadOnlyList<byte[]> shares)
    {
        var length = shares.Count > 0 ? shares[0].Length : 0;
        if (shares.Count < 2 || length < 2 || shares.Any(share => share.Length != length || share[^1] == 0)
            || shares.Select(share => share[^1]).Distinct().Count() != shares.Count)
        {
            return null;
        }

        var key = new byte[length - 1];
        foreach (var share in shares)
        {
            var weight = WeightAtZero(share[^1], shares);
            for (var i = 0; i < key.Length; i++)
            {
                key[i] ^= Multiply(share[i], weight);
            }
        }

        return key;
    }

    /// <summary>
    /// Lagrange's factor of a share: the product of x' / (x' - x) over all others. (Minus is plus here, and both are exclusive or.)
    /// </summary>
    private static byte WeightAtZero(byte x, IReadOnlyList<byte[]> shares)
    {
        byte weight = 1;
        foreach (var other in shares.Select(share => share[^1]).Where(other => other != x))
        {
            weight = Multiply(weight, Multiply(other, Inverse((byte)(other ^ x))));
        }

        return weight;
    }

    private static byte Multiply(byte a, byte b)
    {
        var product = 0;
        for (var bit = 7; bit >= 0; bit--)
        {
            product <<= 1;
            product ^= (product >> 8) * Reduction;
            product ^= ((b >> bit) & 1) * a;
        }

        return (byte)product;
    }

    /// <summary>The 254th power: the group has 255 elements.</summary>
    private static byte Inverse(byte a)
    {
        byte power = 1;
        for (var i = 0; i < 254; i++)
        {
            power = Multiply(power, a);
        }

        return power;
    }
}
