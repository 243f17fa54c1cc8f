using System.Runtime.InteropServices;
using IacCi.Core.Linux;
using IacCi.Core.Model;

namespace IacCi.Core.Worker.Events;

/// <summary>What was found in an order's events folder.</summary>
/// <param name="Events">Each one JSON object, as text, in the order of the files' names.</param>
/// <param name="Notes">What was left out and why, for the order's log.</param>
internal sealed record CollectedEvents(IReadOnlyList<string> Events, IReadOnlyList<string> Notes);

/// <summary>
/// Reads the events that an order's commands left. The folder is the commands' own, so nothing in it is trusted: links are not
/// followed, nothing is waited for, and one bad file does not stop the others.
/// </summary>
internal static class EventFiles
{
    /// <summary>The most names that are looked at.</summary>
    private const int MaxNames = 10_000;

    private const int MaxNotes = 10;
    private const int OpenDirectly = 0x20000;
    private const int OpenDirectlyArm = 0x8000;

    /// <summary>Reads the folder.</summary>
    public static CollectedEvents Collect(string folder)
    {
        var events = new List<string>();
        var notes = new List<string>();
        var names = Names(folder, notes);
        foreach (var name in names.Take(OrderEventJson.MaxEvents))
        {
            if (Read(Path.Join(folder, name), out var content) is { } problem || Check(content!, out problem) is false)
            {
                notes.Add($"the event file {Shown(name)} is left out: {problem}");
            }
            else
            {
                events.Add(content!);
            }
        }

        if (names.Count > OrderEventJson.MaxEvents)
        {
            notes.Add($"{names.Count - OrderEventJson.MaxEvents} event files are left out: an order may have {OrderEventJson.MaxEvents}");
        }

        return new CollectedEvents(events, [.. notes.Take(MaxNotes)]);
    }

    private static List<string> Names(string folder, List<string> notes)
    {
        try
        {
            if (FileStatus.Find(folder) is not { IsFolder: true })
            {
                notes.Add("the commands removed or replaced the events folder: no events");
                return [];
            }

            return [.. Directory.EnumerateFileSystemEntries(folder,
                "*.json").Take(MaxNames).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            notes.Add($"the events folder cannot be read: {refused.Message}");
            return [];
        }
    }

    /// <summary>A link is refused by the system, and a pipe without a writer reads as empty instead of blocking.</summary>
    private static unsafe string? Read(string path, out string? content)
    {
        content = null;
        var noLinks = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? OpenDirectlyArm : OpenDirectly;
        var fd = Posix.Open(path, Posix.OpenReadOnly | Posix.OpenNonBlocking | Posix.OpenCloseOnExec | noLinks);
        if (fd < 0)
        {
            return Posix.Explain(Marshal.GetLastPInvokeError());
        }

        try
        {
            var bytes = new byte[OrderEventJson.MaxEventBytes + 1];
            var length = 0;
            nint count;
            fixed (byte* start = bytes)
            {
                while ((count = Posix.Read(fd, start + length, (nuint)(bytes.Length - length))) > 0)
                {
                    length += (int)count;
                }
            }

            if (count < 0)
            {
                return Posix.Explain(Marshal.GetLastPInvokeError());
            }

            if (length > OrderEventJson.MaxEventBytes)
            {
                return $"larger than {OrderEventJson.MaxEventBytes:N0} bytes";
            }

            content = StrictUtf8.GetString(bytes, 0, length);
            return null;
        }
        catch (System.Text.DecoderFallbackException)
        {
            return "not UTF-8";
        }
        finally
        {
            _ = Posix.Close(fd);
        }
    }

    private static readonly System.Text.UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private static bool Check(string content, out string? problem)
    {
        problem = OrderEventJson.Problem(content);
        return problem is null;
    }

    private static string Shown(string name) => name.Length > 80 ? name[..80] + "..." : name;
}
