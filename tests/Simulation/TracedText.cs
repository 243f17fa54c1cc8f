using System.Runtime.CompilerServices;

namespace IacCi.Simulation;

/// <summary>Text that is made only when somebody reads the trace.</summary>
[InterpolatedStringHandler]
internal ref struct TracedText
{
    private DefaultInterpolatedStringHandler text;
    private readonly bool wanted;

    public TracedText(int literalLength, int formattedCount, World world, out bool shouldAppend)
    {
        shouldAppend = wanted = world.Tracing;
        text = wanted ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
    }

    public string? Text => wanted ? text.ToStringAndClear() : null;

    public void AppendLiteral(string value) => text.AppendLiteral(value);

    public void AppendFormatted<T>(T value) => text.AppendFormatted(value);
}

/// <summary>Text that is made only when a promise is broken.</summary>
[InterpolatedStringHandler]
internal ref struct RequiredText
{
    private DefaultInterpolatedStringHandler text;
    private readonly bool wanted;

    public RequiredText(int literalLength, int formattedCount, bool holds, out bool shouldAppend)
    {
        shouldAppend = wanted = !holds;
        text = wanted ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
    }

    public string? Text => wanted ? text.ToStringAndClear() : null;

    public void AppendLiteral(string value) => text.AppendLiteral(value);

    public void AppendFormatted<T>(T value) => text.AppendFormatted(value);
}
