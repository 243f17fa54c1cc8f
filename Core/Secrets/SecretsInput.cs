using IacCi.Core.Secrets.Sops;
using IacCi.Core.Text;

namespace IacCi.Core.Secrets;

/// <summary>Reads a whole file of secrets, with a limit.</summary>
internal static class SecretsInput
{
    /// <summary>The name that stands for standard input.</summary>
    public const string StandardInput = "-";

    /// <summary>The bytes of a file, or of standard input for <c>-</c>; at most <see cref="SopsFile.MaxBytes"/>.</summary>
    /// <exception cref="SecretsException">It cannot be read, or is too large.</exception>
    public static byte[] Read(string path) => Read(path, SopsFile.MaxBytes);

    /// <summary>The bytes of a file, or of standard input for <c>-</c>; at most the number given.</summary>
    /// <exception cref="SecretsException">It cannot be read, or is too large.</exception>
    public static byte[] Read(string path, int maxBytes)
    {
        try
        {
            using var source = path == StandardInput ? Terminal.StandardStreams.OpenInput() : File.OpenRead(path);
            using var bytes = new MemoryStream();
            var buffer = new byte[64 << 10];
            for (var read = source.Read(buffer); read > 0; read = source.Read(buffer))
            {
                bytes.Write(buffer, 0, read);
                if (bytes.Length > maxBytes)
                {
                    throw new SecretsException(SecretsError.Format, $"{path} is over the limit of {maxBytes} bytes for what it is read as");
                }
            }

            return bytes.ToArray();
        }
        catch (Exception wrong) when (FileErrors.Are(wrong))
        {
            throw new SecretsException(
                SecretsError.Format, $"{Printable.Line(path, Printable.MaxWordChars)} cannot be read: {FileErrors.Why(path, wrong)}",
                wrong);
        }
    }
}
