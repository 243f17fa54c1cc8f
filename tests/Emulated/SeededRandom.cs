namespace IacCi.Emulated;

/// <summary>The only source of chance: seeded, and safe to use from many threads.</summary>
internal sealed class SeededRandom(int seed)
{
    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);

    public bool Hits(double probability) => probability >= 1 || (probability > 0 && Fraction() < probability);

    public double Fraction()
    {
        lock (_gate)
        {
            return _random.NextDouble();
        }
    }

    public Guid Guid()
    {
        Span<byte> bytes = stackalloc byte[16];
        Fill(bytes);
        return new Guid(bytes);
    }

    public string Hex(int digits)
    {
        Span<byte> bytes = stackalloc byte[(digits + 1) / 2];
        Fill(bytes);
        return Convert.ToHexStringLower(bytes)[..digits];
    }

    private void Fill(Span<byte> bytes)
    {
        lock (_gate)
        {
            _random.NextBytes(bytes);
        }
    }
}
