using System.Runtime.InteropServices;
using System.Text;
using IacCi.Core.Linux;
using Microsoft.Win32.SafeHandles;

namespace IacCi.Core.Terminal;

/// <summary>The three standard streams of this process, such that nothing that is wrong with them ends or delays the work.</summary>
internal static class StandardStreams
{
    /// <summary>How long the end of the process waits for somebody who does not read.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(5);

    private const int Input = 0, Output = 1, Error = 2;

    private static readonly NoticeWriter Notices = new(new DescriptorStream(Error));

    /// <summary>
    /// Opens standard input, for bytes. (The runtime's own console changes the mode of the keyboard when it is asked for it.)
    /// </summary>
    public static Stream OpenInput() => new FileStream(new SafeFileHandle(Input, ownsHandle: false), FileAccess.Read, bufferSize: 1);

    /// <summary>Standard output, for bytes; what cannot be written is an <see cref="OutputLostException"/>.</summary>
    public static Stream Results { get; } = new ResultStream();

    /// <summary>Standard error, for bytes; what cannot be written is left out.</summary>
    public static Stream Log { get; } = new LogStream();

    /// <summary>Opens what is closed, and gives the console writers that do not fail. Call it first of all.</summary>
    public static void Prepare()
    {
        OpenClosed();
        Console.SetOut(new StreamWriter(Results, new UTF8Encoding(false), bufferSize: 1 << 12) { AutoFlush = true });
        Console.SetError(Notices);
    }

    /// <summary>Waits until what people are told is written.</summary>
    public static void Drain() => Notices.Drain(DrainTimeout);

    /// <summary>
    /// Opens those that were closed when this program was started. The runtime may have got their numbers for files of its own by now:
    /// those are not inherited, and by that they are known. Then the program begins anew, with all three open.
    /// </summary>
    private static unsafe void OpenClosed()
    {
        var mustBegin = false;
        fixed (byte* nothing = "/dev/null\0"u8)
        {
            for (var descriptor = Input; descriptor <= Error; descriptor++)
            {
                var flags = Posix.Control(descriptor, Posix.GetDescriptorFlags, 0);
                if (flags >= 0 && (flags & Posix.CloseOnExec) == 0)
                {
                    continue;
                }

                var opened = Posix.Open("/dev/null", Posix.OpenReadWrite);
                mustBegin |= flags >= 0;
                if (opened >= 0 && opened != descriptor)
                {
                    _ = Posix.Duplicate(opened, descriptor);
                    _ = Posix.Close(opened);
                }
            }
        }

        if (mustBegin)
        {
            BeginAnew();
        }
    }

    /// <summary>Replaces this process by the same program with the same arguments. When that fails, it goes on as it is.</summary>
    private static unsafe void BeginAnew()
    {
        var arguments = File.ReadAllBytes("/proc/self/cmdline");
        var path = Environment.ProcessPath is { } known && File.Exists(known) ? known : "/proc/self/exe";
        var pointers = new nint[arguments.AsSpan().Count((byte)0) + 1];
        fixed (byte* text = arguments)
        {
            var next = text;
            for (var i = 0; i < pointers.Length - 1; i++)
            {
                pointers[i] = (nint)next;
                next += MemoryMarshal.CreateReadOnlySpanFromNullTerminated(next).Length + 1;
            }

            fixed (nint* vector = pointers)
            {
                _ = Posix.Execute(path, (byte**)vector);
            }
        }
    }

    /// <summary>Results come after what was said before them, where both go to one terminal.</summary>
    private sealed class ResultStream() : DescriptorStream(Output)
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Drain();
            base.Write(buffer);
        }
    }

    private sealed class LogStream() : DescriptorStream(Error)
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            try
            {
                base.Write(buffer);
            }
            catch (OutputLostException)
            {
                // A log that cannot be written does not end what it is about.
            }
        }
    }
}
