namespace IacCi.Simulation;

/// <summary>
/// Random numbers that are the same everywhere for the same seed: xoshiro256** (Blackman and Vigna), seeded by splitmix64.
/// </summary>
internal sealed class Rng
{
    private ulong a, b, c, d;

    public Rng(ulong seed, ulong stream = 0)
    {
        var x = seed ^ (stream * 0xD1342543DE82EF95UL);
        (a, b, c, d) = (Split(ref x), Split(ref x), Split(ref x), Split(ref x));
    }

    public ulong Next()
    {
        var result = ulong.RotateLeft(b * 5, 7) * 9;
        var t = b << 17;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= t;
        d = ulong.RotateLeft(d, 45);
        return result;
    }

    /// <summary>A number below a bound.</summary>
    public int Below(int bound) => (int)(((Next() >> 32) * (ulong)bound) >> 32);

    /// <summary>A number within two bounds, both included.</summary>
    public int Between(int low, int high) => low + Below(high - low + 1);

    public bool Chance(int perMille) => Below(1_000) < perMille;

    public T Pick<T>(params ReadOnlySpan<T> choices) => choices[Below(choices.Length)];

    public byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++)
        {
            bytes[i] = (byte)Next();
        }

        return bytes;
    }

    private static ulong Split(ref ulong x)
    {
        x += 0x9E3779B97F4A7C15UL;
        var z = x;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
