using System.Runtime.InteropServices;
using IacCi.Core.Text;

namespace IacCi.Core.Linux;

/// <summary>Something could not be written to a standard stream.</summary>
/// <param name="message">What the system says.</param>
/// <param name="isReaderGone">Whether whoever read it has gone away, as <c>head</c> does when it has enough.</param>
internal sealed class OutputLostException(string message, bool isReaderGone) : IOException(message)
{
    /// <summary>Whether whoever read it has gone away.</summary>
    public bool IsReaderGone => isReaderGone;
}

/// <summary>
/// A standard stream, straight: what cannot be written is an <see cref="OutputLostException"/>. (The runtime's own stream keeps silent when
/// the reader has gone, so that a program that follows something never learns of it.)
/// </summary>
/// <param name="descriptor">Which.</param>
internal class DescriptorStream(int descriptor) : WriteOnlyStream
{
    /// <inheritdoc/>
    public override unsafe void Write(ReadOnlySpan<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            for (var written = 0; written < buffer.Length;)
            {
                var count = Posix.Write(descriptor, start + written, (nuint)(buffer.Length - written));
                written += count < 0 ? Try(Marshal.GetLastPInvokeError()) : (int)count;
            }
        }
    }

    /// <summary>After a write that failed: waits until there is room, where that is all there is to it.</summary>
    private unsafe int Try(int error)
    {
        switch (error)
        {
            case Posix.ErrorInterrupted:
                return 0;
            case Posix.ErrorAgain:
                var wait = new Posix.PollFd { Fd = descriptor, Events = Posix.PollOut };
                _ = Posix.Poll(&wait, 1, -1);
                return 0;
            default:
                throw new OutputLostException(Posix.Explain(error), error == Posix.ErrorPipe);
        }
    }
}
