using System.Runtime.InteropServices;

namespace IacCi.Core.Linux;

/// <summary>
/// What stands at a path of the disk, without opening it (statx(2), whose layout is the same on every architecture): .NET does not tell a
/// fifo from a file, and opening a fifo waits for its writer for ever.
/// </summary>
/// <param name="Mode">Its type and rights.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Owner">Its owner's number.</param>
/// <param name="Identity">Where it is kept: two names of one file have the same.</param>
/// <param name="Changed">When it was last changed in any way, in seconds and nanoseconds since 1970 (ctime): nobody can set it
/// back.</param>
internal readonly partial record struct FileStatus(
    int Mode, long Size, uint Owner, (uint Major, uint Minor, ulong Inode) Identity, (long Seconds, uint Nanoseconds) Changed)
{
    private const int CurrentFolder = -100;
    private const int DoNotFollow = 0x100;
    private const int FollowLinks = 0;
    private const uint BasicStats = 0x7FF;
    private const int StructBytes = 256;

    /// <summary>How many names it has.</summary>
    public uint Links { get; init; }

    public bool IsFile => (Mode & UnixMode.TypeMask) == UnixMode.File;

    public bool IsFolder => (Mode & UnixMode.TypeMask) == UnixMode.Folder;

    public bool IsLink => (Mode & UnixMode.TypeMask) == UnixMode.Link;

    /// <summary>Who may read, write and execute it.</summary>
    public int Rights => Mode & UnixMode.RightsMask;

    /// <summary>Reads the status of what is at the path; null when nothing is there, or it may not be seen.</summary>
    /// <param name="path">The path.</param>
    /// <param name="follow">Whether a link stands for what it leads to.</param>
    public static unsafe FileStatus? Find(string path, bool follow = false)
    {
        var buffer = stackalloc byte[StructBytes];
        if (StatX(CurrentFolder, path, follow ? FollowLinks : DoNotFollow, BasicStats, buffer) != 0)
        {
            return null;
        }

        return new FileStatus(
            *(ushort*)(buffer + 28),
            *(long*)(buffer + 40),
            *(uint*)(buffer + 20),
            (*(uint*)(buffer + 136), *(uint*)(buffer + 140), *(ulong*)(buffer + 32)),
            (*(long*)(buffer + 96), *(uint*)(buffer + 104)))
        {
            Links = *(uint*)(buffer + 16),
        };
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatX(int folder, string path, int flags, uint mask, byte* result);
}
