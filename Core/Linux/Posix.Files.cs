using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace IacCi.Core.Linux;

/// <summary>Files, as link(2), renameat2(2), open(2) and fdatasync(2) have them.</summary>
internal static partial class Posix
{
    [LibraryImport(Libc, EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Link(string from, string to);

    [LibraryImport(Libc, EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Rename(int fromFolder, string from, int toFolder, string to, uint flags);

    [LibraryImport(Libc, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial SafeFileHandle OpenFile(string path, int flags);

    [LibraryImport(Libc, EntryPoint = "fdatasync", SetLastError = true)]
    internal static partial int FlushData(SafeFileHandle file);

    /// <summary>Makes a file to be written; there is none yet. (<see cref="FileStream"/> makes four calls more for each.)</summary>
    /// <exception cref="IOException">The system refuses; its error number is the HResult.</exception>
    internal static SafeFileHandle CreateFile(string path, UnixFileMode rights)
    {
        const int WriteOnly = 1, Create = 0x40, Exclusive = 0x80;
        var file = CreateFile(path, WriteOnly | Create | Exclusive | OpenCloseOnExec, (uint)rights);
        if (!file.IsInvalid)
        {
            return file;
        }

        var error = Marshal.GetLastPInvokeError();
        file.Dispose();
        throw new IOException($"cannot make the file {path}: {Explain(error)}", error);
    }

    [LibraryImport(Libc, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle CreateFile(string path, int flags, uint mode);
}
