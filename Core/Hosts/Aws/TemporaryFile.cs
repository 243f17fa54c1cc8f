namespace IacCi.Core.Hosts.Aws;

/// <summary>Files for what is too large for memory, which are gone when they are closed.</summary>
internal static class TemporaryFile
{
    /// <summary>A new, empty file that only its owner may read.</summary>
    /// <param name="randomBytes">Names it.</param>
    public static FileStream Create(Func<int, byte[]> randomBytes) => new(
        Path.Join(Path.GetTempPath(), $"iac-ci-{Convert.ToHexStringLower(randomBytes(16))}"),
        new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Options = FileOptions.DeleteOnClose,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            BufferSize = 128 << 10,
        });
}
