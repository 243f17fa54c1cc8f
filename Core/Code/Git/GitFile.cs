using System.Text;
using IacCi.Core.Text;

namespace IacCi.Core.Code.Git;

/// <summary>What an entry of a tree is.</summary>
internal enum GitFileKind : byte
{
    File,
    Program,

    /// <summary>A symbolic link; its blob is the text that it points at.</summary>
    Link,

    /// <summary>A submodule; its id is that of a commit of another repository.</summary>
    Submodule,
}

/// <summary>A file of a tree.</summary>
/// <param name="Path">Its path from the top. A byte that is not UTF-8 is U+DC00 and the byte, so that no two paths become one.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Id">The id of its blob.</param>
internal readonly record struct GitFile(string Path, GitFileKind Kind, string Id)
{
    /// <summary>The longest path, in bytes: no folder of Linux can hold a longer one (limits.h: PATH_MAX).</summary>
    private const int MaxPathBytes = 4_095;

    /// <summary>The files that <c>git ls-tree -r -z</c> lists, in the order of their paths.</summary>
    public static GitFile[] Parse(ReadOnlySpan<byte> listed)
    {
        List<GitFile> files = [];
        while (listed.IndexOf((byte)0) is > 0 and var end)
        {
            files.Add(ParseOne(listed[..end]));
            listed = listed[(end + 1)..];
        }

        files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return [.. files];
    }

    /// <summary>A path of git as text.</summary>
    public static string Decode(ReadOnlySpan<byte> path)
    {
        if (System.Text.Unicode.Utf8.IsValid(path))
        {
            return Encoding.UTF8.GetString(path);
        }

        var text = new StringBuilder(path.Length);
        while (!path.IsEmpty)
        {
            var isRune = Rune.DecodeFromUtf8(path, out var rune, out var length) == System.Buffers.OperationStatus.Done;
            text.Append(isRune ? rune.ToString() : ((char)(0xDC00 + path[0])).ToString());
            path = path[(isRune ? length : 1)..];
        }

        return text.ToString();
    }

    private static GitFile ParseOne(ReadOnlySpan<byte> line)
    {
        var tab = line.IndexOf((byte)'\t');
        var header = line[..Math.Max(tab, 0)];
        var id = header[(header.LastIndexOf((byte)' ') + 1)..];
        var kind = header switch
        {
            [(byte)'1', (byte)'2', (byte)'0', ..] => GitFileKind.Link,
            [(byte)'1', (byte)'6', (byte)'0', ..] => GitFileKind.Submodule,
            [(byte)'1', (byte)'0', (byte)'0', (byte)'7', ..] => GitFileKind.Program,
            [(byte)'1', (byte)'0', (byte)'0', ..] => GitFileKind.File,
            _ => throw new UserException("git ls-tree answered in a way that is not known here. Update git, or iac-ci."),
        };
        var path = Decode(line[(tab + 1)..]);
        return line.Length - tab - 1 <= MaxPathBytes
            ? new GitFile(path, kind, Encoding.ASCII.GetString(id))
            : throw new UserException(
                $"The repository holds a path of {Plural.Number(line.Length - tab - 1)} bytes, and {Plural.Number(MaxPathBytes)} are the "
                    + $"most that a folder can hold: {Printable.Word(path)}. Remove it.");
    }
}
