using IacCi.Core.Work.Masking;

namespace IacCi.Core.Work.Output;

/// <summary>
/// An order's output: masked first, then without what a terminal would take for more than text and colours, then kept for the result and
/// shown to
/// whoever watches.
/// </summary>
public sealed class OrderOutput : IOutputSink
{
    private readonly MaskedOutput masked;
    private readonly TerminalFilter filter;

    /// <summary>An empty output.</summary>
    /// <param name="masker">What is masked.</param>
    /// <param name="live">Gets the masked output as it comes; null when nobody watches.</param>
    public OrderOutput(SecretMasker masker, IOutputSink? live)
    {
        filter = new TerminalFilter(new Splitter(Log, live));
        masked = new MaskedOutput(masker, filter);
    }

    /// <summary>What is kept. Complete after <see cref="Complete"/>.</summary>
    public LogBuffer Log { get; } = new();

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> output) => masked.Write(output);

    /// <summary>The commands have ended.</summary>
    public void Complete()
    {
        masked.Complete();
        filter.Complete();
    }

    private sealed class Splitter(LogBuffer log, IOutputSink? live) : IOutputSink
    {
        public void Write(ReadOnlySpan<byte> output)
        {
            log.Append(output);
            live?.Write(output);
        }
    }
}
