using System.IO.Compression;
using IacCi.Core.Model;

namespace IacCi.Core.Worker.Leftovers;

/// <summary>
/// Keeps state in the order's result, where a worker can write nothing else. The result is kept as long as the bucket keeps it.
/// </summary>
internal sealed class ResultStateKeeper : IStateKeeper
{
    /// <summary>The most bytes of all files, gzipped: with the log they stay within what a result may have.</summary>
    public const int MaxBytes = 6 << 20;

    /// <inheritdoc/>
    public bool TriesAgain => false;

    /// <inheritdoc/>
    public KeptState Keep(OrderAssignment order, string folder, IReadOnlyList<string> paths)
    {
        List<KeptFile> files = [];
        var left = MaxBytes;
        string? problem = null;
        foreach (var path in paths)
        {
            try
            {
                if (Packed(Path.Join(folder, path), left) is { } content)
                {
                    left -= content.Length;
                    files.Add(new KeptFile(path, content));
                }
                else
                {
                    problem ??= $"{path} does not fit into the order's result, which takes {MaxBytes:N0} bytes of gzipped state";
                }
            }
            catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
            {
                problem ??= wrong.Message;
            }
        }

        return new KeptState(files.Count == 0 ? null : Place(order), problem, files);
    }

    private static string Place(OrderAssignment order) =>
        $"{(order.InternalBucket is { } bucket ? $"s3://{bucket}/" : "")}{RunKeys.Result(order.RunId, order.OrderNum)}, member " +
            $"kept_state (gzip, base64), for a day";

    private static ReadOnlyMemory<byte>? Packed(string file, int maxBytes)
    {
        using var content = File.OpenRead(file);
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            var block = new byte[64 << 10];
            for (int count; (count = content.Read(block)) > 0;)
            {
                gzip.Write(block, 0, count);
                if (packed.Length > maxBytes)
                {
                    return null;
                }
            }
        }

        return packed.Length <= maxBytes ? packed.ToArray() : null;
    }
}
