using System.Runtime.InteropServices;

namespace IacCi.Core.Linux;

/// <summary>The size of a terminal in cells.</summary>
/// <param name="Width">Its columns.</param>
/// <param name="Height">Its rows.</param>
internal readonly partial record struct TerminalSize(int Width, int Height)
{
    private const int StandardOutput = 1, StandardError = 2;

    /// <summary>TIOCGWINSZ of ioctl_tty(2).</summary>
    private const nuint GetWindowSize = 0x5413;

    /// <summary>The size of a terminal that does not tell.</summary>
    public static TerminalSize Usual => new(80, 24);

    /// <summary>
    /// The size of the terminal that standard error is, now: the runtime's console answers for standard output, which may be a file, and
    /// changes the keyboard's mode.
    /// </summary>
    public static TerminalSize OfStandardError() =>
        Ioctl(StandardError, GetWindowSize, out var size) == 0 && size is { Columns: > 0, Rows: > 0 }
            ? new(size.Columns, size.Rows)
            : Usual;

    /// <summary>The width of the terminal that standard output is; null where it is none.</summary>
    public static int? WidthOfStandardOutput() =>
        !Console.IsOutputRedirected && Ioctl(StandardOutput, GetWindowSize, out var size) == 0 && size.Columns > 0 ? size.Columns : null;

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct WindowSize
    {
        public readonly ushort Rows;
        public readonly ushort Columns;
        private readonly uint pixels;
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(int descriptor, nuint request, out WindowSize size);
}
