using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Millrace.Ingest.Events;

/// <summary>
/// Makes ids for the events of one request that have none, counting up from the first so that they sort in its order: UUIDs of version 7
/// (RFC 9562 §5.7, 74 random bits, §6.2 method 2), or of version 8 (§5.8) from what the caller gives, so that the same request has the same ids again.
/// </summary>
internal struct EventIds
{
    private UInt128 _last;

    /// <summary>Ids that follow from a hash alone.</summary>
    public static EventIds DerivedFrom(UInt128 hash) => new() { _last = Stamp(hash, version: 8) };

    /// <summary>Writes the next id as 36 characters.</summary>
    public void Write(long unixMs, Span<byte> to)
    {
        if (_last == default) Seed(unixMs);
        else _last++;
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, _last);
        new Guid(bytes, bigEndian: true).TryFormat(to, out _);
    }

    private void Seed(long unixMs)
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes[6..]);
        BinaryPrimitives.WriteUInt64BigEndian(bytes, ((ulong)unixMs << 16) | BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]));
        _last = Stamp(BinaryPrimitives.ReadUInt128BigEndian(bytes), version: 7);
    }

    private static UInt128 Stamp(UInt128 value, byte version)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, value);
        bytes[6] = (byte)((bytes[6] & 0x0F) | (version << 4));
        // The highest counter bit starts at zero, so that ten thousand steps cannot carry into the variant.
        bytes[8] = (byte)((bytes[8] & 0x1F) | 0x80);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
