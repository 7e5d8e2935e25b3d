using System.Buffers.Binary;
using Millrace.Adapters.FasterLog.Format;
using Millrace.Adapters.FasterLog.Storage;

namespace Millrace.Adapters.FasterLog.Topics;

/// <summary>
/// What is known of a topic up to an address, kept in the file <c>index</c> so that opening scans only what came after. It is a cache but for
/// the beginning and the gaps: without it the whole log is scanned.
/// </summary>
/// <param name="Address">Durable end at the time.</param>
/// <param name="Next">By partition: next offset.</param>
/// <param name="GapStart">By partition: first lost offset before <paramref name="Next"/>, or equal to it.</param>
/// <param name="LastMs">By partition: the log clock.</param>
/// <param name="Points">Index, oldest first; the first is where the log begins.</param>
internal sealed record Checkpoint(long Address, long[] Next, long[] GapStart, long[] LastMs, IReadOnlyList<IndexPoint> Points)
{
    private const string FileName = "index";
    private const uint Magic = 0x31584952; // "RIX1"
    private const int Header = 20;

    /// <summary>Writes it over the previous one.</summary>
    public void Save(IDiskIo disk, string directory)
    {
        var partitions = Next.Length;
        var bytes = new byte[Header + (partitions * 24) + (Points.Count * (8 + (partitions * 16))) + 4];
        var writer = new Cursor(bytes);
        writer.Put32((int)Magic);
        writer.Put32(partitions);
        writer.Put32(Points.Count);
        writer.Put64(Address);
        writer.Put64(Next);
        writer.Put64(GapStart);
        writer.Put64(LastMs);
        foreach (var point in Points)
        {
            writer.Put64(point.Address);
            writer.Put64(point.Next);
            writer.Put64(point.LastMs);
        }
        writer.Put32((int)Crc32C.Compute(bytes.AsSpan(0, bytes.Length - 4)));
        AtomicFile.Write(disk, Path.Combine(directory, FileName), bytes);
    }

    /// <summary>The saved one, or <see langword="null"/> when there is none that can be used.</summary>
    public static Checkpoint? Load(string directory, int partitions)
    {
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path)) return null;
        var bytes = File.ReadAllBytes(path);
        if (bytes.Length < Header + 4) return null;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4)) != Crc32C.Compute(bytes.AsSpan(0, bytes.Length - 4))) return null;
        var reader = new Cursor(bytes);
        if (reader.Get32() != (int)Magic || reader.Get32() != partitions) return null;
        var points = new IndexPoint[reader.Get32()];
        var address = reader.Get64();
        long[] next = reader.Get64(partitions), gapStart = reader.Get64(partitions), lastMs = reader.Get64(partitions);
        for (var i = 0; i < points.Length; i++)
            points[i] = new IndexPoint(reader.Get64(), reader.Get64(partitions), reader.Get64(partitions));
        return points.Length == 0 ? null : new Checkpoint(address, next, gapStart, lastMs, points);
    }

    private ref struct Cursor(Span<byte> bytes)
    {
        private Span<byte> _rest = bytes;

        public void Put32(int value)
        {
            BinaryPrimitives.WriteInt32LittleEndian(_rest, value);
            _rest = _rest[4..];
        }

        public void Put64(long value)
        {
            BinaryPrimitives.WriteInt64LittleEndian(_rest, value);
            _rest = _rest[8..];
        }

        public void Put64(long[] values)
        {
            foreach (var value in values) Put64(value);
        }

        public int Get32()
        {
            var value = BinaryPrimitives.ReadInt32LittleEndian(_rest);
            _rest = _rest[4..];
            return value;
        }

        public long Get64()
        {
            var value = BinaryPrimitives.ReadInt64LittleEndian(_rest);
            _rest = _rest[8..];
            return value;
        }

        public long[] Get64(int count)
        {
            var values = new long[count];
            for (var i = 0; i < count; i++) values[i] = Get64();
            return values;
        }
    }
}
