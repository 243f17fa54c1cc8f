using System.Diagnostics.CodeAnalysis;
using IacCi.Core.Model;
using IacCi.Core.Worker.Masking;

namespace IacCi.Core.Worker.Output;

/// <summary>
/// An order's output: masked first, then without what a terminal would take for more than text and colours, then kept for the result and
/// shown to whoever watches.
/// </summary>
internal sealed class OrderOutput : IOutputSink
{
    private readonly MaskedOutput masked;
    private readonly TerminalFilter filter;
    private readonly Splitter splitter;
    private readonly TerraformReader terraform = new();

    /// <summary>An empty output.</summary>
    /// <param name="masker">What is masked.</param>
    /// <param name="live">Gets the masked output as it comes; null when nobody watches.</param>
    public OrderOutput(SecretMasker masker, IOutputSink? live)
    {
        splitter = new Splitter(Log, terraform, live);
        filter = new TerminalFilter(splitter);
        masked = new MaskedOutput(masker, filter);
    }

    /// <summary>What is kept. Complete after <see cref="Complete"/>.</summary>
    public LogBuffer Log { get; } = new();

    /// <summary>What Terraform said in it that it changes; null when it did not. Complete after <see cref="Complete"/>.</summary>
    public TerraformSums? Terraform => terraform.Sums;

    /// <summary>Why the output could not be shown as it came; null when it could.</summary>
    public string? LiveProblem => splitter.Problem;

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> output) => masked.Write(output);

    /// <summary>The commands have ended.</summary>
    public void Complete()
    {
        masked.Complete();
        filter.Complete();
        terraform.Complete();
    }

    /// <summary>What is shown to whoever watches is a convenience: when it fails, the commands go on, and what is kept is whole.</summary>
    private sealed class Splitter(LogBuffer log, TerraformReader terraform, IOutputSink? live) : IOutputSink
    {
        public string? Problem { get; private set; }

        [SuppressMessage("Design", "CA1031",
            Justification =
                "Whatever goes wrong with showing output, the commands that write it do not suffer for it; it is said in the log.")]
        public void Write(ReadOnlySpan<byte> output)
        {
            log.Append(output);
            terraform.Write(output);
            try
            {
                live?.Write(output);
            }
            catch (Exception fault)
            {
                Problem = fault.Message;
                live = null;
            }
        }
    }
}
