using System.Runtime.InteropServices;
using System.Text;

namespace Millrace.ClickHouse.Embedded.Native;

/// <summary>Query parameters as the arrays that libchdb takes, in native memory until disposed.</summary>
internal sealed unsafe class NativeParameters : IDisposable
{
    private readonly nuint _count;

    public NativeParameters(IReadOnlyList<KeyValuePair<string, string>> parameters)
    {
        _count = (nuint)parameters.Count;
        Names = (byte**)NativeMemory.AllocZeroed(_count + 1, (nuint)sizeof(byte*));
        Values = (byte**)NativeMemory.AllocZeroed(_count + 1, (nuint)sizeof(byte*));
        NameLengths = (nuint*)NativeMemory.AllocZeroed(_count + 1, (nuint)sizeof(nuint));
        ValueLengths = (nuint*)NativeMemory.AllocZeroed(_count + 1, (nuint)sizeof(nuint));
        for (var i = 0; i < parameters.Count; i++)
        {
            Names[i] = Copy(parameters[i].Key, out NameLengths[i]);
            Values[i] = Copy(parameters[i].Value, out ValueLengths[i]);
        }
    }

    public byte** Names { get; }

    public byte** Values { get; }

    public nuint* NameLengths { get; }

    public nuint* ValueLengths { get; }

    public nuint Count => _count;

    public void Dispose()
    {
        for (nuint i = 0; i < _count; i++)
        {
            NativeMemory.Free(Names[i]);
            NativeMemory.Free(Values[i]);
        }
        NativeMemory.Free(Names);
        NativeMemory.Free(Values);
        NativeMemory.Free(NameLengths);
        NativeMemory.Free(ValueLengths);
    }

    private static byte* Copy(string text, out nuint length)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        length = (nuint)bytes.Length;
        var copy = (byte*)NativeMemory.Alloc(length + 1);
        bytes.CopyTo(new Span<byte>(copy, bytes.Length));
        copy[length] = 0;
        return copy;
    }
}
