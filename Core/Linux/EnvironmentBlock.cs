using System.Runtime.InteropServices;
using System.Text;

namespace IacCi.Core.Linux;

/// <summary>
/// The environment of an order's commands in the form that exec takes; cleared when it is disposed of, because it holds secrets.
/// </summary>
internal sealed unsafe class EnvironmentBlock : IDisposable
{
    private readonly nuint size;
    private byte* memory;

    /// <summary>Lays the variables out.</summary>
    internal EnvironmentBlock(IReadOnlyDictionary<string, string> variables)
    {
        var pointers = (nuint)((variables.Count + 1) * sizeof(byte*));
        var room = variables.Sum(pair => (long)Encoding.UTF8.GetByteCount(pair.Key) + Encoding.UTF8.GetByteCount(pair.Value) + 2);
        size = pointers + (nuint)room;
        memory = (byte*)NativeMemory.AllocZeroed(size);
        var next = memory + pointers;
        var end = memory + size;
        var index = 0;
        foreach (var (name, value) in variables)
        {
            Pointers[index++] = next;
            next += Encoding.UTF8.GetBytes(name, new Span<byte>(next, (int)(end - next)));
            *next++ = (byte)'=';
            next += Encoding.UTF8.GetBytes(value, new Span<byte>(next, (int)(end - next)));
            *next++ = 0;
        }
    }

    /// <summary>The list of strings, ended by a null.</summary>
    internal byte** Pointers => (byte**)memory;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (memory is not null)
        {
            NativeMemory.Clear(memory, size);
            NativeMemory.Free(memory);
            memory = null;
        }
    }
}
