namespace IacCi.Core.Linux;

/// <summary>The mode of a Unix file (inode(7)), which a zip holds in the upper half of an entry's external attributes.</summary>
internal static class UnixMode
{
    public const int TypeMask = 0xF000;
    public const int Fifo = 0x1000;
    public const int Folder = 0x4000;
    public const int File = 0x8000;
    public const int Link = 0xA000;

    /// <summary>
    /// The rights to read, write and execute of the owner, the group and others. Bits beyond them (set-user-ID and the like) never travel.
    /// </summary>
    public const int RightsMask = 0b111_111_111;

    /// <summary>What a file has when nobody says (0644).</summary>
    public const int UsualFile = 0b110_100_100;

    /// <summary>What a program and a folder have when nobody says (0755).</summary>
    public const int UsualProgram = 0b111_101_101;

    private const int OwnerRead = 0b100_000_000;
    private const int OwnerAll = 0b111_000_000;

    /// <summary>The rights of an unpacked file: as they were, and its owner can read it.</summary>
    public static UnixFileMode FileRights(int mode) =>
        (UnixFileMode)((mode & RightsMask) == 0 ? UsualFile : (mode & RightsMask) | OwnerRead);

    /// <summary>The rights of an unpacked folder: as they were, and its owner can use it.</summary>
    public static UnixFileMode FolderRights(int mode) =>
        (UnixFileMode)((mode & RightsMask) == 0 ? UsualProgram : (mode & RightsMask) | OwnerAll);
}
