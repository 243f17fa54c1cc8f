using System.ComponentModel;
using System.Runtime.InteropServices;
using IacCi.Core.Linux;

namespace IacCi.Core.Worker.Processes;

/// <summary>The pipe that the shells of one attempt write to. Our reading end never blocks; neither end is inherited by accident.</summary>
internal sealed class OutputPipe : IDisposable
{
    private const int DuplicateCloseOnExec = 1030;
    private const int SetFlags = 4;
    private const int FirstBeyondStandard = 3;

    private int writeEnd = -1;

    internal unsafe OutputPipe()
    {
        var ends = stackalloc int[2];
        if (Posix.Pipe(ends, Posix.OpenCloseOnExec) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "no pipe for a command's output");
        }

        ReadEnd = AboveStandard(ends[0]);
        writeEnd = AboveStandard(ends[1]);
        _ = Posix.Control(ReadEnd, SetFlags, Posix.OpenNonBlocking);
    }

    /// <summary>Where the output is read.</summary>
    internal int ReadEnd { get; private set; }

    /// <summary>What a shell gets as its standard output and error.</summary>
    internal int WriteEnd => writeEnd;

    /// <summary>Gives up our own writing end: from now on the pipe ends when the last process that holds it does.</summary>
    internal void CloseWriteEnd()
    {
        if (writeEnd >= 0)
        {
            _ = Posix.Close(writeEnd);
            writeEnd = -1;
        }
    }

    /// <summary>Reads what is there.</summary>
    /// <returns>The number of bytes; 0 at the end of the pipe; -1 when nothing is there now.</returns>
    internal unsafe int Read(Span<byte> buffer)
    {
        while (true)
        {
            nint count;
            fixed (byte* start = buffer)
            {
                count = Posix.Read(ReadEnd, start, (nuint)buffer.Length);
            }

            if (count >= 0)
            {
                return (int)count;
            }

            var error = Marshal.GetLastPInvokeError();
            if (error == Posix.ErrorAgain)
            {
                return -1;
            }

            if (error != Posix.ErrorInterrupted)
            {
                throw new Win32Exception(error, "a command's output could not be read");
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CloseWriteEnd();
        if (ReadEnd >= 0)
        {
            _ = Posix.Close(ReadEnd);
            ReadEnd = -1;
        }
    }

    /// <summary>Where we were started without standard streams, a pipe gets their numbers and would be overwritten in the child.</summary>
    private static int AboveStandard(int fd)
    {
        if (fd >= FirstBeyondStandard)
        {
            return fd;
        }

        var higher = Posix.Control(fd, DuplicateCloseOnExec, FirstBeyondStandard);
        _ = Posix.Close(fd);
        return higher;
    }
}
