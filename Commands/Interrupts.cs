using System.Runtime.InteropServices;

namespace IacCi.Commands;

/// <summary>
/// The signals that ask this process to end: Ctrl-C, SIGTERM, and a terminal that is gone. The first one begins an end in good order, and
/// each further one shortens what the last one waits for.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource[] steps;
    private readonly Action<int> heard;
    private readonly PosixSignalRegistration[] registrations;
    private int count;

    /// <summary>Listens from now on.</summary>
    /// <param name="count">How many signals have a meaning; more than that change nothing.</param>
    /// <param name="heard">Gets at once the number of the signal, from 0; it must not throw.</param>
    public Interrupts(int count, Action<int> heard)
    {
        steps = [.. Enumerable.Range(0, count).Select(_ => new CancellationTokenSource())];
        this.heard = heard;
        registrations =
            [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM,
                PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, Take))];
    }

    /// <summary>Is cancelled by the first signal.</summary>
    public CancellationToken First => steps[0].Token;

    /// <summary>Is cancelled by the second signal.</summary>
    public CancellationToken Second => steps[1].Token;

    /// <summary>Is cancelled by the third signal.</summary>
    public CancellationToken Third => steps[2].Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        Array.ForEach(registrations, registration => registration.Dispose());
        Array.ForEach(steps, step => step.Dispose());
    }

    private void Take(PosixSignalContext signal)
    {
        signal.Cancel = true;
        var step = Interlocked.Increment(ref count) - 1;
        if (step < steps.Length)
        {
            heard(step);
            steps[step].Cancel();
        }
    }
}
