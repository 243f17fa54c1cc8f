using System.ComponentModel;

namespace IacCi.Core.Linux;

/// <summary>
/// Tells when a machine is short of something that it may have again in a moment: descriptors, processes, threads, memory, room on a disk.
/// </summary>
internal static class Scarcity
{
    private const int TryAgain = 11, NoMemory = 12, NoFilesOnMachine = 23, NoFiles = 24, NoRoom = 28, NoQuota = 122;

    /// <summary>Whether an error number of the system says so.</summary>
    internal static bool IsError(int error) => error is TryAgain or NoMemory or NoFilesOnMachine or NoFiles;

    /// <summary>Whether an exception says so.</summary>
    internal static bool Is(Exception fault) =>
        MayPass(fault) || fault is IOException { HResult: NoRoom or NoQuota } || (fault.InnerException is { } inner && Is(inner));

    /// <summary>Whether an exception says so of something that other orders give back when they end. (A full disk stays full.)</summary>
    internal static bool MayPass(Exception fault) => fault switch
    {
        Win32Exception native => IsError(native.NativeErrorCode),
        IOException file when IsError(file.HResult) => true,
        OutOfMemoryException or ThreadStartException => true,
        _ => fault.InnerException is { } inner && MayPass(inner),
    };

    /// <summary>What a person can do about it.</summary>
    internal static string Explain(Exception fault) =>
        $"this machine is short of something: {fault.Message}; look at 'ulimit -a', 'df' and 'free', or give a smaller --parallel";
}
