using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Millrace.RealtimeGateway.Fanout;

/// <summary>Puts UTF-8 together in pooled memory. Dispose it.</summary>
internal ref struct Utf8Builder
{
    private byte[] _bytes;

    public Utf8Builder(int capacity) => _bytes = ArrayPool<byte>.Shared.Rent(Math.Max(capacity, 256));

    /// <summary>Bytes so far.</summary>
    public int Length { get; private set; }

    /// <summary>What was put together.</summary>
    public readonly ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Add(scoped ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    public void Add(byte value)
    {
        Reserve(1);
        _bytes[Length++] = value;
    }

    public void Add(long value)
    {
        Reserve(20);
        Utf8Formatter.TryFormat(value, _bytes.AsSpan(Length), out var written);
        Length += written;
    }

    public void Add(double value)
    {
        Reserve(32);
        Utf8Formatter.TryFormat(value, _bytes.AsSpan(Length), out var written);
        Length += written;
    }

    public void Add(string ascii)
    {
        Reserve(ascii.Length);
        Length += Encoding.ASCII.GetBytes(ascii, _bytes.AsSpan(Length));
    }

    public void Dispose()
    {
        if (_bytes is { Length: > 0 }) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        Length = 0;
    }

    private void Reserve(int more)
    {
        if (_bytes.Length - Length >= more) return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, Length + more));
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
