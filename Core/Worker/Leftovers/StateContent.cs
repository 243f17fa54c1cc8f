using System.Text.Json;

namespace IacCi.Core.Worker.Leftovers;

/// <summary>
/// Knows Terraform state by its outermost members: <c>serial</c>, <c>lineage</c>, and a version (or what OpenTofu encrypted). Memory is
/// bounded, however large the file is.
/// </summary>
internal static class StateContent
{
    private const int FirstBytes = 16 << 10;

    /// <summary>The longest token that is read over, in bytes.</summary>
    private const int MaxTokenBytes = 4 << 20;

    /// <summary>How far a file is read.</summary>
    private const long MaxBytes = 256L << 20;

    [Flags]
    private enum Seen
    {
        None = 0,
        Version = 1,
        Serial = 2,
        Lineage = 4,
        All = Version | Serial | Lineage,
    }

    /// <summary>Whether a stream holds state; it is read as far as that takes.</summary>
    public static bool IsState(Stream content)
    {
        var buffer = new byte[FirstBytes];
        var (state, seen, filled, total) = (new JsonReaderState(), Seen.None, 0, 0L);
        while (total < MaxBytes)
        {
            var count = content.Read(buffer, filled, buffer.Length - filled);
            if (total == 0 && !MayBegin(buffer.AsSpan(0, count)))
            {
                return false;
            }

            (total, filled) = (total + count, filled + count);
            if (!TryLook(buffer.AsSpan(0, filled), count == 0, ref state, ref seen, out var used) || seen == Seen.All)
            {
                return seen == Seen.All;
            }

            if (count == 0)
            {
                return false;
            }

            (buffer, filled) = Rest(buffer, used, filled);
            if (filled == buffer.Length)
            {
                return false;
            }
        }

        return false;
    }

    private static bool MayBegin(ReadOnlySpan<byte> first) =>
        first.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];

    /// <returns>False when it is no JSON.</returns>
    private static bool TryLook(ReadOnlySpan<byte> part, bool isLast, ref JsonReaderState state, ref Seen seen, out int used)
    {
        var reader = new Utf8JsonReader(part, isLast, state);
        try
        {
            while (seen != Seen.All && reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1)
                {
                    seen |= Of(ref reader);
                }
            }
        }
        catch (JsonException)
        {
            used = 0;
            return false;
        }

        (state, used) = (reader.CurrentState, (int)reader.BytesConsumed);
        return true;
    }

    private static Seen Of(ref Utf8JsonReader name) =>
        name.ValueTextEquals("serial"u8) ? Seen.Serial
        : name.ValueTextEquals("lineage"u8) ? Seen.Lineage
        : name.ValueTextEquals("version"u8) || name.ValueTextEquals("terraform_version"u8)
            || name.ValueTextEquals("encrypted_data"u8) ? Seen.Version
        : Seen.None;

    /// <summary>What was not read over comes to the front; a token that fills the buffer gets a larger one, up to a bound.</summary>
    private static (byte[] Buffer, int Filled) Rest(byte[] buffer, int used, int filled)
    {
        var rest = buffer.AsSpan(used, filled - used);
        var next = rest.Length == buffer.Length && buffer.Length < MaxTokenBytes ? new byte[buffer.Length * 2] : buffer;
        rest.CopyTo(next);
        return (next, rest.Length);
    }
}
