using System.Text;

namespace IacCi.Core.Terminal;

/// <summary>
/// Writes what people are told beside the results: messages, logs, the live table. It never fails and never waits: a thread of its own
/// writes, what does not fit into its queue while nobody reads is left out and counted, and what the system does not take is gone.
/// </summary>
internal sealed class NoticeWriter : TextWriter
{
    /// <summary>The most characters that wait to be written.</summary>
    private const int MaxQueuedChars = 1 << 20;

    private const int StackBytes = 256 << 10;

    private readonly Stream target;
    private readonly Lock gate = new();
    private readonly Queue<string> queue = new();
    private readonly AutoResetEvent added = new(false);
    private readonly ManualResetEventSlim empty = new(true);
    private int queued;
    private long written;
    private long leftOut;
    private long abandonedAt = -1;
    private bool hasThread;

    /// <summary>Makes one.</summary>
    /// <param name="target">Where to write.</param>
    internal NoticeWriter(Stream target) => this.target = target;

    /// <inheritdoc/>
    public override Encoding Encoding => Encoding.UTF8;

    /// <inheritdoc/>
    public override void Write(char value) => Write(value.ToString());

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<char> buffer) => Write(buffer.ToString());

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Write(value + NewLine);

    /// <inheritdoc/>
    public override void Write(string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            return;
        }

        lock (gate)
        {
            if (queued + value.Length > MaxQueuedChars)
            {
                leftOut += value.Length;
                return;
            }

            queue.Enqueue(value);
            queued += value.Length;
            empty.Reset();
            StartThread();
        }

        added.Set();
    }

    /// <summary>Waits until everything is written, as long as something is written at all.</summary>
    /// <param name="timeout">How long nothing may be written until it is given up.</param>
    internal void Drain(TimeSpan timeout)
    {
        while (!empty.IsSet && Volatile.Read(ref written) is var before && before != abandonedAt)
        {
            if (!empty.Wait(timeout) && before == Volatile.Read(ref written))
            {
                abandonedAt = before;
            }
        }
    }

    /// <summary>Where no thread can be had, the caller writes.</summary>
    private void StartThread()
    {
        if (hasThread)
        {
            return;
        }

        try
        {
            new Thread(WriteAll, StackBytes) { IsBackground = true, Name = "notices" }.Start();
            hasThread = true;
        }
        catch (Exception scarce) when (scarce is OutOfMemoryException or ThreadStartException)
        {
            while (Next() is { } text)
            {
                WriteNow(text);
            }
        }
    }

    private void WriteAll()
    {
        while (true)
        {
            while (Next() is { } text)
            {
                WriteNow(text);
            }

            added.WaitOne();
        }
    }

    private string? Next()
    {
        lock (gate)
        {
            if (queue.TryDequeue(out var text))
            {
                queued -= text.Length;
                return text;
            }

            if (leftOut > 0)
            {
                text = $"{NewLine}iac-ci: {leftOut:N0} characters are left out here: nobody read them{NewLine}";
                leftOut = 0;
                return text;
            }

            empty.Set();
            return null;
        }
    }

    private void WriteNow(string text)
    {
        try
        {
            target.Write(Encoding.UTF8.GetBytes(text));
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException)
        {
            // A full disk, a terminal that is gone: whoever is to be told cannot be, and the work goes on.
        }

        Interlocked.Increment(ref written);
    }
}
