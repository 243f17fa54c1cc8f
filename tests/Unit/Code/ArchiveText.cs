using System.IO.Compression;
using System.Text;
using IacCi.Core.Code;

namespace IacCi.Tests.Unit.Code;

/// <summary>An archive as tests like to compare it.</summary>
internal static class ArchiveText
{
    public static string[] Paths(this CodeArchive archive) => [.. Read(archive.Zip, entry => entry.FullName)];

    public static string Content(this CodeArchive archive, string path) =>
        Read(archive.Zip, entry => (entry.FullName, Text: new StreamReader(entry.Open(), Encoding.UTF8).ReadToEnd())).Single(e => e.FullName == "code/" + path).Text;

    public static int Mode(this CodeArchive archive, string path) =>
        Read(archive.Zip, entry => (entry.FullName, Mode: entry.ExternalAttributes >> 16 & 0xFFFF)).Single(e => e.FullName == "code/" + path).Mode;

    public static List<T> Read<T>(ReadOnlyMemory<byte> zip, Func<ZipArchiveEntry, T> read)
    {
        using var archive = new ZipArchive(new MemoryStream(zip.ToArray()));
        return [.. archive.Entries.Select(read)];
    }
}
