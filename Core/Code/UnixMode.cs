namespace IacCi.Core.Code;

/// <summary>The mode of a Unix file (inode(7)), which a zip holds in the upper half of an entry's external attributes.</summary>
internal static class UnixMode
{
    public const int TypeMask = 0xF000;
    public const int Fifo = 0x1000;
    public const int Folder = 0x4000;
    public const int File = 0x8000;
    public const int Link = 0xA000;
    public const int AnyExecute = 0x49;

    /// <summary>The mode that an entry of this kind gets: one of four, whatever the umask was where it was made.</summary>
    public static int Of(CodeKind kind) => kind switch
    {
        CodeKind.File => File | 0x1A4,
        CodeKind.Executable => File | 0x1ED,
        CodeKind.Link => Link | 0x1FF,
        _ => Folder | 0x1ED,
    };
}
