using System.ComponentModel;
using System.Runtime.InteropServices;
using IacCi.Core.Code;
using IacCi.Core.Linux;
using IacCi.Core.Text;
using Microsoft.Win32.SafeHandles;

namespace IacCi.Core.Hosts.Local;

/// <summary>
/// Whether a state folder may be believed. What stands in it decides what runs, and what is said to have run: so it is a folder and no
/// link, this user's, closed to all others, and git does not track it (a repository could bring the record of a run that never was).
/// </summary>
internal static partial class StateFolderTrust
{
    private const int OpenFolder = 0x10000;
    private const int DoNotFollow = 0x20000;
    private const int CloseOnExec = 0x80000;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private const UnixFileMode Permissions = (UnixFileMode)0b_111_111_111;

    /// <summary>Insists on it. A folder of this user that others may enter is closed.</summary>
    /// <exception cref="UserException">It is not to be trusted; the message says why and what to do.</exception>
    internal static void Insist(StateFolder state, Action<string> note)
    {
        // The folder stays open while it is looked at, so that all that is found is true of one folder.
        using var folder = Open(state.Path);
        var inside = $"/proc/self/fd/{folder.DangerousGetHandle()}/";
        var status = FileStatus.Find(inside, follow: true) ?? throw Refused(state, "cannot be looked at");
        if (status.Owner != Posix.EffectiveUser())
        {
            throw Refused(state, $"belongs to another user (number {status.Owner}), who may have written into it what never happened");
        }

        foreach (var part in new[] { state.Database, state.Internal, state.Done, state.Logs, state.Work, state.Hosts })
        {
            var name = Path.GetFileName(part);
            if (FileStatus.Find(inside + name) is { } entry && (entry.Owner != status.Owner || entry.IsLink))
            {
                var what = entry.IsLink ? "is a symbolic link" : $"belongs to another user (number {entry.Owner})";
                throw Refused(state, $"holds {name}, which {what}");
            }
        }

        if (GitIndex.TracksSomethingIn(state.Path) is { } why)
        {
            throw Refused(state, why);
        }

        Close(state, folder, inside, note);
    }

    private static SafeFileHandle Open(string path)
    {
        var handle = Posix.OpenFile(path, OpenFolder | DoNotFollow | CloseOnExec);
        if (!handle.IsInvalid)
        {
            return handle;
        }

        var error = Marshal.GetLastPInvokeError();
        handle.Dispose();
        var what = FileStatus.Find(path);
        throw what is { IsLink: true }
            ? new UserException(
                $"the state folder {path} is a symbolic link; remove it, or name the folder that it leads to with --state-dir")
            : what is { IsFolder: false }
                ? new UserException($"the state folder {path} is no folder; remove it, or name another with --state-dir")
                : new UserException(
                    $"the state folder {path} cannot be opened: {new Win32Exception(error).Message}; name another with --state-dir");
    }

    /// <summary>Takes others' rights away.</summary>
    private static void Close(StateFolder state, SafeFileHandle folder, string inside, Action<string> note)
    {
        var mode = File.GetUnixFileMode(folder);
        if ((mode & Permissions & ~OwnerOnly) == 0)
        {
            return;
        }

        // A folder that holds something else is not ours to close: think of --state-dir /tmp.
        var entries = Directory.EnumerateFileSystemEntries(inside).Select(Path.GetFileName);
        if (FileStatus.Find(inside + "state.db") is null && entries.Any(entry => entry != ".gitignore"))
        {
            throw Refused(state, "is open to other users, and holds other things than runs");
        }

        try
        {
            File.SetUnixFileMode(folder, OwnerOnly);
            var was = Convert.ToString((int)(mode & Permissions), 8);
            note($"the state folder {state.Path} was open to other users (mode {was}); it is closed now (mode 700)");
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            if ((mode & OthersWrite) != 0)
            {
                throw Refused(state, $"can be written by other users, and that cannot be changed: {refused.Message}");
            }

            note($"the state folder {state.Path} can be read by other users, and that cannot be changed: {refused.Message}");
        }
    }

    private static UserException Refused(StateFolder state, string why) =>
        new($"the state folder {state.Path} is not trusted: it {why}; remove it, or name another with --state-dir");
}
