using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IacCi.Core.Archives;
using IacCi.Core.Code;
using IacCi.Core.Linux;
using IacCi.Core.Text;

namespace IacCi.Core.Bundles;

/// <summary>A bundle, ready to be stored.</summary>
/// <param name="Bytes">The zip.</param>
/// <param name="Sha256">Its SHA-256, lower-case hex: the worker runs nothing else.</param>
internal sealed record Bundle(ReadOnlyMemory<byte> Bytes, string Sha256);

/// <summary>
/// Makes bundles (layout: <see cref="BundleFiles"/>).
/// </summary>
internal static class BundleWriter
{
    private static readonly DateTimeOffset FixedTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Makes a bundle. The same input gives the same bytes.</summary>
    /// <param name="code">The code.</param>
    /// <param name="commands">The commands, in their order.</param>
    /// <param name="order">What else the worker has to know; the format and what is known of the code are added.</param>
    /// <param name="variables">The variables: their names and sources are written here.</param>
    /// <param name="encryptedValues">The SOPS file of <see cref="VariableSet.ToJson"/>.</param>
    /// <exception cref="UserException">There are too many commands, or they are too long.</exception>
    public static Bundle Write(
        CodeArchive code, IReadOnlyList<string> commands, BundleOrder order, VariableSet variables, ReadOnlyMemory<byte> encryptedValues)
    {
        order =
            order with
            {
                Format = BundleFiles.Format,
                Code = code.Origin,
                CodeSha256 = code.Sha256,
                Notes = [.. order.Notes, .. code.Notes]
            };
        (string Name, ReadOnlyMemory<byte> Content)[] files =
        [
            (BundleFiles.Commands, JsonSerializer.SerializeToUtf8Bytes([.. commands], BundleJson.Default.StringArray)),
            (BundleFiles.Order, JsonSerializer.SerializeToUtf8Bytes(order, BundleJson.Default.BundleOrder)),
            (BundleFiles.Names, Lines(variables, variable => variable.Name)),
            (BundleFiles.Sources, Lines(variables, variable => $"{variable.Name}={variable.Source}")),
            (BundleFiles.Secrets, encryptedValues),
        ];
        Check(commands, files);
        var bytes = Pack(files);
        return new Bundle(bytes, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    private static void Check(IReadOnlyList<string> commands, (string Name, ReadOnlyMemory<byte> Content)[] files)
    {
        ArgumentOutOfRangeException.ThrowIfZero(commands.Count);
        if (commands.Count > BundleFiles.MaxCommands)
        {
            throw new UserException(
                $"An order has {commands.Count:N0} commands; at most {BundleFiles.MaxCommands:N0} are run. Put them into a script.");
        }

        foreach (var (name, content) in files.Where(file => file.Content.Length > BundleFiles.MaxFileBytes))
        {
            throw new UserException(
                $"{name} of an order would have {content.Length:N0} bytes; at most {BundleFiles.MaxFileBytes:N0} are taken. Put long " +
                    $"commands into a script, and large values into files.");
        }
    }

    private static byte[] Lines(VariableSet variables, Func<Variable, string> line) =>
        Encoding.UTF8.GetBytes(string.Concat(variables.Variables.Select(variable => line(variable) + "\n")));

    /// <summary>These entries are small and one of them is random: packing them would cost more time than it saves room.</summary>
    private static byte[] Pack((string Name, ReadOnlyMemory<byte> Content)[] files)
    {
        using var bytes = new MemoryStream(files.Sum(file => file.Content.Length + 256));
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in files)
            {
                var entry = zip.CreateEntry(name, CompressionLevel.NoCompression);
                entry.LastWriteTime = FixedTime;
                entry.ExternalAttributes = ArchiveEntry.ModeOf(EntryKind.File, UnixMode.UsualFile) << 16;
                using var stream = entry.Open();
                stream.Write(content.Span);
            }
        }

        return bytes.ToArray();
    }
}
