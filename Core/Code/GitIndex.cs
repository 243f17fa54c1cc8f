using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using IacCi.Core.Linux;
using IacCi.Core.Text;

namespace IacCi.Core.Code;

/// <summary>
/// Which files git tracks, from the index of a work tree (gitformat-index(5), versions 2 to 4, SHA-1 and SHA-256, split or whole). It is
/// read here because git need not be on a machine that has a work tree, and because git runs what a repository's settings say.
/// </summary>
internal static class GitIndex
{
    private const int MaxIndexBytes = 512 << 20;
    private const int HeaderBytes = 12;

    /// <summary>The bytes of an entry before the object's name: two times, device, inode, mode, owner, group, size.</summary>
    private const int StatBytes = 40;

    private const int Extended = 0x4000;

    /// <summary>Why a folder is not free of what git tracks; null when it is, or is in no work tree.</summary>
    internal static string? TracksSomethingIn(string folder)
    {
        for (var workTree = folder; workTree is not null; workTree = Path.GetDirectoryName(workTree))
        {
            if (GitDir.OwnOf(workTree) is { } git)
            {
                return Look(git, Path.GetRelativePath(workTree, folder));
            }
        }

        return null;
    }

    private static string? Look(string git, string path)
    {
        if (FileStatus.Find(Path.Join(git, "index"), follow: true) is null)
        {
            return null;
        }

        try
        {
            var below = path == "." ? "" : path + "/";
            var found = PathsOf(git).FirstOrDefault(tracked => tracked == path || tracked.StartsWith(below, StringComparison.Ordinal));
            return found is null ? null : $"holds what git tracks ({found}): it came with the repository, not from a run here";
        }
        catch (Exception wrong) when (wrong is InvalidDataException or ArgumentException or UserException)
        {
            return $"is in a git work tree whose index cannot be read ({wrong.Message}), so that it may have come with the repository";
        }
    }

    /// <summary>The paths of an index, and of the one that it shares, if it is split.</summary>
    private static List<string> PathsOf(string git)
    {
        var (paths, shared) = Parse(FileContent.Read(Path.Join(git, "index"), MaxIndexBytes).Span);
        if (shared is not null)
        {
            paths.AddRange(Parse(FileContent.Read(Path.Join(git, "sharedindex." + shared), MaxIndexBytes).Span).Paths);
        }

        return paths;
    }

    private static (List<string> Paths, string? Shared) Parse(ReadOnlySpan<byte> index)
    {
        if (index.Length < HeaderBytes + SHA1.HashSizeInBytes || !index.StartsWith("DIRC"u8))
        {
            throw new InvalidDataException("it is no index");
        }

        var version = BinaryPrimitives.ReadInt32BigEndian(index[4..]);
        if (version is < 2 or > 4)
        {
            throw new InvalidDataException($"its version is {version}");
        }

        // The name of the object database's hash is in the repository's settings; the entries fit only one of the two lengths.
        return TryParse(index, version, SHA1.HashSizeInBytes) ?? TryParse(index, version, SHA256.HashSizeInBytes)
            ?? throw new InvalidDataException("its entries are damaged");
    }

    private static (List<string> Paths, string? Shared)? TryParse(ReadOnlySpan<byte> index, int version, int hashBytes)
    {
        var count = BinaryPrimitives.ReadUInt32BigEndian(index[8..]);
        var paths = new List<string>();
        var previous = Array.Empty<byte>();
        var at = HeaderBytes;
        var end = index.Length - hashBytes;
        for (var entry = 0U; entry < count; entry++)
        {
            var flagsAt = at + StatBytes + hashBytes;
            if (flagsAt + 2 > end)
            {
                return null;
            }

            var isExtended = (BinaryPrimitives.ReadUInt16BigEndian(index[flagsAt..]) & Extended) != 0;
            var nameAt = flagsAt + (isExtended ? 4 : 2);
            var kept = 0;
            if (version == 4)
            {
                if (!TryReadOffset(index[..end], ref nameAt, out var removed) || removed > previous.Length)
                {
                    return null;
                }

                kept = previous.Length - (int)removed;
            }

            var length = nameAt < end ? index[nameAt..end].IndexOf((byte)0) : -1;
            if (length < 0)
            {
                return null;
            }

            previous = [.. previous.AsSpan(0, kept), .. index.Slice(nameAt, length)];
            if (length + kept > 0)
            {
                // One without a name stands in a split index for one of the shared index.
                paths.Add(Encoding.UTF8.GetString(previous));
            }

            // Before version 4 entries are padded with one to eight NULs to a multiple of eight bytes.
            at = version == 4 ? nameAt + length + 1 : at + ((nameAt + length - at + 8) & ~7);
        }

        return ExtensionsOf(index, at, end, hashBytes) is { } shared ? (paths, shared.Length == 0 ? null : shared) : null;
    }

    /// <summary>Walks through the extensions behind the entries, which have to end where the checksum begins.</summary>
    /// <returns>The name of the shared index; empty when there is none; null when this is no index of such hashes.</returns>
    private static string? ExtensionsOf(ReadOnlySpan<byte> index, int at, int end, int hashBytes)
    {
        var shared = "";
        while (at < end)
        {
            if (at + 8 > end || BinaryPrimitives.ReadUInt32BigEndian(index[(at + 4)..]) is var size && size > end - at - 8)
            {
                return null;
            }

            if (index.Slice(at, 4).SequenceEqual("link"u8) && size >= hashBytes)
            {
                shared = Convert.ToHexStringLower(index.Slice(at + 8, hashBytes));
            }

            at += 8 + (int)size;
        }

        return at == end ? shared : null;
    }

    /// <summary>A number in the encoding of pack files' offsets (gitformat-pack(5)).</summary>
    private static bool TryReadOffset(ReadOnlySpan<byte> index, ref int at, out long value)
    {
        value = 0;
        for (var digits = 0; at < index.Length && digits < 5; digits++)
        {
            var next = index[at++];
            value = (digits == 0 ? 0 : (value + 1) << 7) | (next & 0x7FL);
            if ((next & 0x80) == 0)
            {
                return true;
            }
        }

        return false;
    }
}
