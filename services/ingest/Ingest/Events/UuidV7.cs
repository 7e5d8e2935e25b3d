using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Millrace.Ingest.Events;

/// <summary>
/// Makes UUIDs of version 7 for the events of one request (RFC 9562 §5.7): 74 random bits at the first, then counting up, so that the ids
/// of a request sort in its order (§6.2, method 2).
/// </summary>
internal struct UuidV7
{
    private UInt128 _last;

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
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x70);
        // The highest counter bit starts at zero, so that ten thousand steps cannot carry into the variant.
        bytes[8] = (byte)((bytes[8] & 0x1F) | 0x80);
        _last = BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
