using System.Text;
using Millrace.Adapters.Kafka.Native;

namespace Millrace.Adapters.Kafka.Producing;

/// <summary>Headers in the form in which librdkafka takes them, kept while one record after the other has the same.</summary>
internal sealed unsafe class HeaderBlock
{
    private readonly List<(int Name, int Value, int Length)> _entries = [];
    private IReadOnlyDictionary<string, string>? _source;
    private byte[] _bytes = GC.AllocateUninitializedArray<byte>(1024, pinned: true);

    /// <summary>Number of headers.</summary>
    public int Count => _entries.Count;

    /// <summary>Takes the headers of the next record.</summary>
    public void Set(IReadOnlyDictionary<string, string> headers)
    {
        if (ReferenceEquals(headers, _source)) return;
        _entries.Clear();
        var used = 0;
        foreach (var (name, value) in headers)
        {
            var start = Append(name, ref used);
            Append("\0", ref used);
            var at = Append(value, ref used);
            _entries.Add((start, at, used - at));
        }

        _source = headers;
    }

    /// <summary>Writes them as arguments; the memory stays where it is until the next <see cref="Set"/>.</summary>
    public void Write(NativeMethods.Argument* arguments)
    {
        // Pinned at its allocation.
        var bytes = (byte*)System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(_bytes, 0);
        foreach (var (name, value, length) in _entries)
        {
            *arguments++ = new NativeMethods.Argument
            {
                Kind = NativeMethods.ArgumentKind.Header,
                Pointer = (IntPtr)(bytes + name),
                Second = (IntPtr)(bytes + value),
                Third = length,
            };
        }
    }

    private int Append(string text, ref int used)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        if (_bytes.Length - used < length)
        {
            var larger = GC.AllocateUninitializedArray<byte>(Math.Max(_bytes.Length * 2, used + length), pinned: true);
            _bytes.AsSpan(0, used).CopyTo(larger);
            _bytes = larger;
        }

        var start = used;
        used += Encoding.UTF8.GetBytes(text, _bytes.AsSpan(used));
        return start;
    }
}
