using IacCi.Core.Secrets;

namespace IacCi.Tests.Unit.Secrets;

/// <summary>Damages a file in every way that one bit can.</summary>
internal static class BitFlipTests
{
    /// <summary>The positions, counted in bits, of flips that raise no error.</summary>
    public static List<int> Unnoticed(byte[] file, Action<byte[]> read)
    {
        var unnoticed = new List<int>();
        for (var bit = 0; bit < file.Length * 8; bit++)
        {
            var changed = file.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                read(changed);
                unnoticed.Add(bit);
            }
            catch (SecretsException)
            {
                // As it should be; any other exception is a bug and ends the test.
            }
        }

        return unnoticed;
    }
}
