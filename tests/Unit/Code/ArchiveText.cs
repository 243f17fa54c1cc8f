using System.IO.Compression;
using System.Text;
using IacCi.Core.Code;

namespace IacCi.Tests.Unit.Code;

/// <summary>An archive of code as tests like to compare it: its zip was read while its source was there.</summary>
internal sealed class PackedCode(CodeArchive archive)
{
    private readonly byte[] zip = archive.File is { } file ? File.ReadAllBytes(file) : [];

    public byte[] Zip => zip;

    public string? Sha256 => archive.Sha256;

    public string Origin => archive.Origin;

    public string? Commit => archive.Commit;

    public IReadOnlyList<string> Notes => archive.Notes;

    public string[] Paths() => [.. Read(entry => entry.FullName)];

    public string Content(string path) => Contents()[path];

    public Dictionary<string, string> Contents() =>
        Read(entry => (entry.FullName, Text: new StreamReader(entry.Open(), Encoding.UTF8).ReadToEnd()))
            .ToDictionary(e => e.FullName, e => e.Text, StringComparer.Ordinal);

    public int Mode(string path) =>
        Read(entry => (entry.FullName, Mode: entry.ExternalAttributes >> 16 & 0xFFFF)).Single(e => e.FullName == path).Mode;

    private List<T> Read<T>(Func<ZipArchiveEntry, T> read)
    {
        using var entries = new ZipArchive(new MemoryStream(zip));
        return [.. entries.Entries.Select(read)];
    }
}
