using System.Globalization;
using System.Runtime.InteropServices;

namespace IacCi.Core.Linux;

/// <summary>
/// The memory in which the kernel laid out this process's environment, and which <c>/proc/PID/environ</c> shows (proc(5)). Root may read
/// that of any process, so secrets in variables (<c>SOPS_AGE_KEY</c>, <c>env:</c> locations) do not stay there.
/// </summary>
internal static unsafe class InitialEnvironment
{
    /// <summary>Where the numbers stand in /proc/PID/stat, counted from the field behind the name: fields 50 and 51 of proc(5).</summary>
    private const int FirstAddress = 47;

    /// <summary>The largest environment that is moved; Linux takes at most a quarter of the stack's limit (execve(2)).</summary>
    private const long MaxBytes = 64 << 20;

    /// <summary>
    /// Moves the variables to memory of our own, where getenv(3) finds them as before, and clears where they were. Where that is not
    /// possible, they stay: it is a second fence, not the first.
    /// </summary>
    /// <returns>False when they stayed.</returns>
    internal static bool Clear()
    {
        var (start, end) = Range();
        if (start == 0 || end - start is <= 0 or > MaxBytes
            || !NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "environ", out var symbol) || *(byte***)symbol == null)
        {
            return false;
        }

        var moved = (byte*)NativeMemory.Alloc((nuint)(end - start));
        Buffer.MemoryCopy((byte*)start, moved, end - start, end - start);
        for (var variable = *(byte***)symbol; *variable != null; variable++)
        {
            var place = (long)*variable;
            if (place >= start && place < end)
            {
                *variable = moved + (place - start);
            }
        }

        NativeMemory.Clear((void*)start, (nuint)(end - start));
        return true;
    }

    private static (long Start, long End) Range()
    {
        var stat = File.ReadAllText("/proc/self/stat");
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > FirstAddress + 1
            && long.TryParse(fields[FirstAddress], NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            && long.TryParse(fields[FirstAddress + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var end)
                ? (start, end)
                : default;
    }
}
