using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using IacCi.Core.Text;

namespace IacCi.Core.Linux;

/// <summary>
/// The user that orders' commands run as, with that user's group and no other, and no way to more rights (PR_SET_NO_NEW_PRIVS, prctl(2)).
/// The engine stays root's. What the commands get is handed over to that user: copy of the code, folder for events, a folder for temporary
/// files.
/// </summary>
internal sealed unsafe class RunAsUser
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OthersMayPass = OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const int AccountBytes = 64 << 10;

    /// <summary>setpriv(1) of util-linux changes the user between fork and exec, which posix_spawn(3) cannot.</summary>
    private static readonly string[] Helpers = ["/usr/bin/setpriv", "/bin/setpriv", "/usr/sbin/setpriv"];

    /// <summary>Texts for exec, which live as long as the process.</summary>
    private readonly nint[] prefix;

    private RunAsUser(string name, uint user, uint group, string home, string helper)
    {
        (Name, User, Group, Home) = (name, user, group, home);
        var (toUser, toGroup) = (user.ToString(CultureInfo.InvariantCulture), group.ToString(CultureInfo.InvariantCulture));
        string[] words = [helper, "--reuid=" + toUser, "--regid=" + toGroup, "--clear-groups", "--no-new-privs", "--inh-caps=-all", "--"];
        prefix = Array.ConvertAll(words, Marshal.StringToCoTaskMemUTF8);
    }

    /// <summary>The user's name.</summary>
    public string Name { get; }

    /// <summary>The user's number.</summary>
    public uint User { get; }

    /// <summary>The number of the user's group.</summary>
    public uint Group { get; }

    /// <summary>The user's home.</summary>
    public string Home { get; }

    /// <summary>Finds a user by name or number.</summary>
    /// <exception cref="UserException">There is none, or commands cannot run as this user.</exception>
    public static RunAsUser Find(string text)
    {
        var (name, user, group, home) = Account(text)
            ?? throw new UserException($"--run-as {Printable.Word(text)}: there is no such user on this machine; give one of /etc/passwd");
        if (Posix.EffectiveUser() != 0)
        {
            throw new UserException($"--run-as {name}: only root may start commands as another user; start iac-ci as root, or without it");
        }

        if (user == 0)
        {
            throw new UserException("--run-as root separates nothing, because root reads everything; give a user without rights");
        }

        var helper = Array.Find(Helpers, File.Exists)
            ?? throw new UserException("--run-as needs the program setpriv, which is not on this machine; install util-linux");
        return new RunAsUser(name, user, group, home, helper);
    }

    /// <summary>
    /// Where orders' folders stand: outside of the state folder, which that user cannot enter. Everybody may make names in a folder for
    /// temporary files, so one that somebody else made is refused.
    /// </summary>
    /// <param name="state">The state folder.</param>
    internal static string WorkRootOf(string state)
    {
        var path = WorkRootPath(state);
        Directory.CreateDirectory(path, OthersMayPass);
        var isOurs = FileStatus.Find(path) is { IsFolder: true } status && status.Owner == Posix.EffectiveUser();
        if (!isOurs || (File.GetUnixFileMode(path) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0)
        {
            throw new UserException($"{path} is not a folder that root alone may change, so that no order works there; remove it");
        }

        File.SetUnixFileMode(path, OthersMayPass);
        return path;
    }

    /// <summary>That folder, when there is one and it is ours; null otherwise.</summary>
    internal static string? FindWorkRoot(string state) =>
        FileStatus.Find(WorkRootPath(state)) is { IsFolder: true } status && status.Owner == Posix.EffectiveUser()
            ? WorkRootPath(state)
            : null;

    /// <summary>Removes that folder when no other process works there.</summary>
    internal static void LeaveWorkRoot(string state)
    {
        try
        {
            Directory.Delete(WorkRootPath(state));
        }
        catch (IOException)
        {
            // Another process works there, or has removed it already.
        }
    }

    /// <summary>Hands an order's folders over to the user, before its commands start. Disposing shuts the user out again.</summary>
    internal IDisposable TakeOver(string folder, string eventsFolder, Dictionary<string, string> variables)
    {
        var root = Path.GetDirectoryName(eventsFolder)!;
        List<string> own = [eventsFolder];
        if (folder.StartsWith(root + "/", StringComparison.Ordinal))
        {
            // Any other folder is one of the user's choice, whose owner it is not for us to change.
            own.Add(folder);
        }

        var (temporary, home) = (Path.Join(root, "tmp"), Path.Join(root, "home"));
        Directory.CreateDirectory(temporary, OwnerOnly);
        own.Add(temporary);
        variables.TryAdd("TMPDIR", temporary);
        if (FileStatus.Find(Home, follow: true) is not { IsFolder: true } standing || standing.Owner != User)
        {
            Directory.CreateDirectory(home, OwnerOnly);
            own.Add(home);
            variables.TryAdd("HOME", home);
        }

        variables.TryAdd("HOME", Home);

        own.ForEach(GiveAway);
        File.SetUnixFileMode(root, OthersMayPass);
        File.SetUnixFileMode(Path.GetDirectoryName(root)!, OthersMayPass);
        return new Shutting(root);
    }

    /// <summary>Starts a program as this user.</summary>
    /// <returns>0, or the system's error number.</returns>
    internal int Spawn(out int pid, void* actions, void* attributes, byte** words, byte** environment)
    {
        var count = 0;
        while (words[count] != null)
        {
            count++;
        }

        var argv = stackalloc byte*[prefix.Length + count + 1];
        prefix.CopyTo(new Span<nint>(argv, prefix.Length));
        for (var i = 0; i <= count; i++)
        {
            argv[prefix.Length + i] = words[i];
        }

        return Posix.Spawn(out pid, (byte*)prefix[0], actions, attributes, argv, environment);
    }

    /// <summary>Nobody but root can be in the folder yet: its own rights are given last.</summary>
    private void GiveAway(string folder)
    {
        foreach (var entry in Directory.EnumerateFileSystemEntries(folder))
        {
            if (FileStatus.Find(entry) is { IsFolder: true })
            {
                GiveAway(entry);
            }
            else
            {
                Unlink(entry);
                Change(entry);
            }
        }

        Change(folder);
    }

    /// <summary>A file that has another name elsewhere is replaced by a copy: that other name is not this order's.</summary>
    private static void Unlink(string file)
    {
        if (FileStatus.Find(file) is { IsFile: true, Links: > 1 })
        {
            var copy = file + ".iac-ci-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
            File.Copy(file, copy);
            File.Move(copy, file, overwrite: true);
        }
    }

    private void Change(string path)
    {
        if (Posix.ChangeOwner(path, User, Group) != 0)
        {
            throw new IOException($"{path} could not be given to {Name}: {Posix.Explain(Marshal.GetLastPInvokeError())}");
        }
    }

    private static string WorkRootPath(string state) =>
        Path.Combine(
            Path.GetTempPath(), "iac-ci-work-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(state)).AsSpan(0, 8)));

    private static (string Name, uint User, uint Group, string Home)? Account(string text)
    {
        var buffer = (byte*)NativeMemory.Alloc(AccountBytes);
        try
        {
            Posix.Account account;
            Posix.Account* found;
            var error = uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? Posix.AccountByNumber(number, &account, buffer, AccountBytes, &found)
                : Posix.AccountByName(text, &account, buffer, AccountBytes, &found);
            return error != 0 || found == null
                ? null
                : (Marshal.PtrToStringUTF8((nint)found->Name)!, found->User, found->Group, Marshal.PtrToStringUTF8((nint)found->Home)!);
        }
        finally
        {
            NativeMemory.Free(buffer);
        }
    }

    /// <summary>
    /// The commands have ended: what is to be read and removed now with root's rights, the user cannot change any more.
    /// </summary>
    private sealed class Shutting(string root) : IDisposable
    {
        public void Dispose() => File.SetUnixFileMode(root, OwnerOnly);
    }
}
