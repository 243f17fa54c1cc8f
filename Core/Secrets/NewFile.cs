using IacCi.Core.Text;

namespace IacCi.Core.Secrets;

/// <summary>Files with keys or plain secrets in them: new ones, that only their owner can read.</summary>
internal static class NewFile
{
    /// <summary>Writes a new file.</summary>
    /// <exception cref="SecretsException">The file is there already, or cannot be written.</exception>
    public static void Create(string path, ReadOnlySpan<byte> content)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        try
        {
            using var file = new FileStream(path, options);
            file.Write(content);
        }
        catch (IOException) when (File.Exists(path))
        {
            throw new SecretsException(
                SecretsError.Key,
                $"{Name(path)} is there already and is not overwritten: a lost key or secret cannot be had again. Give another name");
        }
        catch (Exception wrong) when (FileErrors.Are(wrong))
        {
            throw new SecretsException(SecretsError.Key, $"{Name(path)} cannot be written: {FileErrors.Why(path, wrong)}", wrong);
        }
    }

    private static string Name(string path) => Printable.Line(path, Printable.MaxWordChars);
}
