using System.Buffers.Binary;

namespace Millrace.Adapters.FasterLog.Format;

/// <summary>
/// Head of an entry, little endian: crc32c of all that follows (4), version (1), flags (1), partition (2), count (4), base offset (8), log time (8).
/// Then either <c>count</c> records or, with <see cref="FragmentFlag"/>, total length (4), start (4) and a piece of one large record.
/// </summary>
internal readonly record struct EntryHeader(int Partition, int Count, long BaseOffset, long AppendedAtMs, bool IsFragment)
{
    /// <summary>Length of the head.</summary>
    public const int Size = 28;

    /// <summary>Length of what a fragment carries before its bytes.</summary>
    public const int FragmentSize = 8;

    private const byte Version = 1;
    private const byte FragmentFlag = 1;

    /// <summary>Writes the head into the first <see cref="Size"/> bytes of an entry whose other bytes are complete.</summary>
    public void Seal(Span<byte> entry)
    {
        Write(entry);
        BinaryPrimitives.WriteUInt32LittleEndian(entry, Crc32C.Compute(entry[4..]));
    }

    /// <summary>Writes the head without a checksum, for a record put together from fragments.</summary>
    public void Write(Span<byte> entry)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(entry, 0);
        entry[4] = Version;
        entry[5] = IsFragment ? FragmentFlag : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(entry[6..], (ushort)Partition);
        BinaryPrimitives.WriteInt32LittleEndian(entry[8..], Count);
        BinaryPrimitives.WriteInt64LittleEndian(entry[12..], BaseOffset);
        BinaryPrimitives.WriteInt64LittleEndian(entry[20..], AppendedAtMs);
    }

    /// <summary>Reads and verifies an entry's head.</summary>
    /// <returns><see langword="false"/> when the entry is not what was written.</returns>
    public static bool TryRead(ReadOnlySpan<byte> entry, out EntryHeader header)
    {
        header = default;
        if (entry.Length < Size) return false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(entry) != Crc32C.Compute(entry[4..])) return false;
        if (entry[4] != Version) return false;
        header = Read(entry);
        return header.Count > 0 && header.BaseOffset >= 0 && (!header.IsFragment || entry.Length > Size + FragmentSize);
    }

    /// <summary>Reads a head that has been verified before.</summary>
    public static EntryHeader Read(ReadOnlySpan<byte> entry) => new(
        BinaryPrimitives.ReadUInt16LittleEndian(entry[6..]), BinaryPrimitives.ReadInt32LittleEndian(entry[8..]),
        BinaryPrimitives.ReadInt64LittleEndian(entry[12..]), BinaryPrimitives.ReadInt64LittleEndian(entry[20..]), entry[5] == FragmentFlag);

    /// <summary>Total length of a fragmented record and where this piece starts in it.</summary>
    public static (int Total, int Start) ReadFragment(ReadOnlySpan<byte> entry) =>
        (BinaryPrimitives.ReadInt32LittleEndian(entry[Size..]), BinaryPrimitives.ReadInt32LittleEndian(entry[(Size + 4)..]));
}
