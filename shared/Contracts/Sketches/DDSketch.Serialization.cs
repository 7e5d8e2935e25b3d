using System.Diagnostics.CodeAnalysis;

namespace Millrace.Contracts.Sketches;

// The wire form, little-endian, varints as in Protobuf:
//   byte version (1); byte flags (1: numbers as they are, 2: relative error follows, 4: bound follows); [double relative error]; [varint bound];
//   as they are: byte n, n doubles ascending;
//   else: varint zeros, then the positive and the negative store, each: varint runs, per run: signed varint gap to the bucket after the run before
//   (the first: to bucket 0), varint length - 1, and as many varint counts.
public sealed partial class DDSketch
{
    private const byte Version = 1;
    private const byte InlineFlag = 1;
    private const byte ErrorFlag = 2;
    private const byte BoundFlag = 4;

    /// <summary>Length of the wire form now.</summary>
    public int GetByteCount()
    {
        var size = 2;
        if (RelativeError != DefaultRelativeError) size += sizeof(double);
        if (MaxBuckets != DefaultMaxBuckets) size += SketchWriter.SizeOf((ulong)MaxBuckets);
        if (IsInline) return size + 1 + ((int)Count * sizeof(double));
        return size + SketchWriter.SizeOf((ulong)_zeros) + BucketRuns.SizeOf(_positive) + BucketRuns.SizeOf(_negative);
    }

    /// <summary>Writes the wire form; equal contents give equal bytes.</summary>
    /// <param name="destination">At least <see cref="GetByteCount"/> long.</param>
    /// <returns>Bytes written.</returns>
    public int WriteTo(Span<byte> destination)
    {
        var writer = new SketchWriter(destination);
        var flags = (IsInline ? InlineFlag : 0) | (RelativeError == DefaultRelativeError ? 0 : ErrorFlag) | (MaxBuckets == DefaultMaxBuckets ? 0 : BoundFlag);
        writer.Byte(Version);
        writer.Byte((byte)flags);
        if ((flags & ErrorFlag) != 0) writer.Double(RelativeError);
        if ((flags & BoundFlag) != 0) writer.Varint((ulong)MaxBuckets);
        if (IsInline)
        {
            Span<double> sorted = stackalloc double[InlineValues];
            var count = CopySorted(sorted);
            writer.Byte((byte)count);
            for (var i = 0; i < count; i++) writer.Double(sorted[i]);
            return writer.Length;
        }

        writer.Varint((ulong)_zeros);
        BucketRuns.Write(ref writer, _positive);
        BucketRuns.Write(ref writer, _negative);
        return writer.Length;
    }

    /// <summary>The wire form as an array of its own.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[GetByteCount()];
        WriteTo(bytes);
        return bytes;
    }

    /// <summary>Reads a wire form, which may come from anywhere: wrong bytes are an answer, not an exception, and cost bounded memory.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out DDSketch? sketch)
    {
        sketch = null;
        var reader = new SketchReader(bytes);
        if (!reader.Byte(out var version) || version != Version || !reader.Byte(out var flags) || flags > (InlineFlag | ErrorFlag | BoundFlag)) return false;
        var error = DefaultRelativeError;
        // A default that is spelt out would be a second form of the same sketch.
        if ((flags & ErrorFlag) != 0 &&
            !(reader.Double(out error) && error is >= MinRelativeError and <= MaxRelativeError and not DefaultRelativeError)) return false;
        ulong bound = DefaultMaxBuckets;
        if ((flags & BoundFlag) != 0 && !(reader.Varint(65_536, out bound) && bound is >= 64 and not DefaultMaxBuckets)) return false;
        var read = new DDSketch(error, (int)bound);
        var valid = (flags & InlineFlag) != 0 ? read.ReadInline(ref reader) : read.ReadBuckets(ref reader);
        if (!valid || !reader.AtEnd) return false;
        sketch = read;
        return true;
    }

    private bool ReadInline(ref SketchReader reader)
    {
        if (!reader.Byte(out var count) || count > InlineValues) return false;
        for (var i = 0; i < count; i++)
        {
            if (!reader.Double(out var value) || !double.IsFinite(value) || (i > 0 && value < _inline[i - 1])) return false;
            _inline[i] = value;
        }

        Count = count;
        return true;
    }

    private bool ReadBuckets(ref SketchReader reader)
    {
        if (!reader.Varint(BucketRuns.MaxCount, out var zeros)) return false;
        _zeros = (long)zeros;
        if (!BucketRuns.Read(ref reader, Positive, _mapping, MaxBuckets) || !BucketRuns.Read(ref reader, Negative, _mapping, MaxBuckets)) return false;
        // Each of the three is at most 2^61, so the sum can't overflow.
        Count = _zeros + Positive.Total + Negative.Total;
        return Count > InlineValues;
    }
}
