using System.Buffers;
using Confluent.Kafka;

namespace Millrace.Adapters.Kafka.Consuming;

/// <summary>A piece of an <see cref="Arena"/>.</summary>
internal readonly record struct Slice(int Start, int Length);

/// <summary>
/// A pooled buffer that keys and values are copied into as librdkafka hands them out, which spares an array for each. Several batches point into one;
/// it goes back with the last of them.
/// </summary>
internal sealed class Arena : IDisposable
{
    private byte[] _bytes;
    private int _holders = 1;

    public Arena(int capacity) => _bytes = ArrayPool<byte>.Shared.Rent(capacity);

    /// <summary>Bytes in use.</summary>
    public int Length { get; private set; }

    /// <summary>Copies bytes to the end.</summary>
    public Slice Add(ReadOnlySpan<byte> data)
    {
        if (_bytes.Length - Length < data.Length)
        {
            // Nobody points into it yet: memory is given out when the arena is full.
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, Length + data.Length));
            _bytes.AsSpan(0, Length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }

        data.CopyTo(_bytes.AsSpan(Length));
        var slice = new Slice(Length, data.Length);
        Length += data.Length;
        return slice;
    }

    /// <summary>Forgets what lies behind a point.</summary>
    public void CutTo(int length) => Length = length;

    /// <summary>The bytes of a piece.</summary>
    public ReadOnlyMemory<byte> Memory(Slice slice) => _bytes.AsMemory(slice.Start, slice.Length);

    /// <summary>One more batch points into it.</summary>
    public void Hold() => Interlocked.Increment(ref _holders);

    /// <summary>One less; the last gives the buffer back.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _holders) == 0) ArrayPool<byte>.Shared.Return(_bytes);
    }
}

/// <summary>Puts what Confluent.Kafka deserializes into the arena of the moment.</summary>
internal sealed class ArenaDeserializer : IDeserializer<Slice>
{
    /// <summary>Where to.</summary>
    public Arena Arena { get; set; } = null!;

    /// <inheritdoc/>
    public Slice Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) => Arena.Add(data);
}
