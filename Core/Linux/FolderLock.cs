using System.Runtime.InteropServices;
using IacCi.Core.Text;

namespace IacCi.Core.Linux;

/// <summary>
/// Gives a folder to one order at a time, on the whole machine: a lock (flock(2)) on the folder itself, which the kernel releases with the
/// process, however it ends. The folders above are locked too, for sharing, so that an order in a folder and one in a folder of it do not
/// meet.
/// </summary>
internal sealed partial class FolderLock : IDisposable
{
    /// <summary>How often a folder that is taken is tried again.</summary>
    private static readonly TimeSpan TryInterval = TimeSpan.FromMilliseconds(200);

    private const int ReadOnlyFolder = 0x10000 | 0x80000; // O_DIRECTORY, O_CLOEXEC
    private const int Shared = 1;
    private const int Exclusive = 2;
    private const int WithoutWaiting = 4;
    private const int Interrupted = 4;
    private const int WouldBlock = 11;

    private readonly List<int> held = [];

    private FolderLock()
    {
    }

    /// <summary>Waits until the folder is free, and takes it.</summary>
    /// <exception cref="UserException">It cannot be locked.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    public static async Task<FolderLock> TakeAsync(string folder, TimeProvider clock, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryTake(folder) is { } taken)
            {
                return taken;
            }

            await Task.Delay(TryInterval, clock, cancellationToken);
        }
    }

    /// <summary>Takes the folder; null when another order has it, or one in a folder of it or around it.</summary>
    /// <exception cref="UserException">It cannot be locked.</exception>
    public static FolderLock? TryTake(string folder)
    {
        var all = new FolderLock();
        var taken = false;
        try
        {
            taken = all.Take(folder);
        }
        finally
        {
            if (!taken)
            {
                all.Dispose();
            }
        }

        return taken ? all : null;
    }

    public void Dispose()
    {
        held.ForEach(descriptor => Close(descriptor));
        held.Clear();
    }

    /// <summary>From the top down. Nothing waits while something is held, so two orders cannot wait for each other.</summary>
    private bool Take(string folder)
    {
        var own = Open(folder, ReadOnlyFolder);
        if (own < 0)
        {
            // It is gone: its order says so when it opens its bundle.
            return true;
        }

        held.Add(own);
        var above = new Stack<string>();
        var real = File.ResolveLinkTarget($"/proc/self/fd/{own}", returnFinalTarget: false)?.FullName ?? folder;
        for (var place = Path.GetDirectoryName(real); place is not null; place = Path.GetDirectoryName(place))
        {
            above.Push(place);
        }

        return above.All(Share) && Lock(own, Exclusive) switch
        {
            0 => true,
            WouldBlock => false,
            var error => throw new UserException(
                $"the folder {folder} cannot be locked for an order that runs in place: {Marshal.GetPInvokeErrorMessage(error)}"),
        };
    }

    /// <returns>False when an order runs in that folder. One that may not be read, or is on a file system without locks, is passed
    /// over.</returns>
    private bool Share(string folder)
    {
        var descriptor = Open(folder, ReadOnlyFolder);
        if (descriptor < 0)
        {
            return true;
        }

        held.Add(descriptor);
        return Lock(descriptor, Shared) != WouldBlock;
    }

    /// <returns>0, or the system's error number.</returns>
    private static int Lock(int descriptor, int kind)
    {
        int error;
        do
        {
            error = Flock(descriptor, kind | WithoutWaiting) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
        while (error == Interrupted);
        return error;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(int descriptor, int operation);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
