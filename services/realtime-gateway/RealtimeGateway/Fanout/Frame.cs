using System.Buffers.Binary;
using Millrace.RealtimeGateway.WebSockets;

namespace Millrace.RealtimeGateway.Fanout;

/// <summary>
/// A message as it goes over the wire, framing included: immutable and shared by every connection that it goes to.
/// </summary>
/// <param name="bytes">Header and payload.</param>
/// <param name="headerLength">Bytes before the payload, 0 where the wire has no frames.</param>
/// <param name="joining">Whether the payload may share a WebSocket frame with others, and how.</param>
internal sealed class Frame(byte[] bytes, int headerLength, Joining joining)
{
    /// <summary>Everything, ready to be sent.</summary>
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    /// <summary>The message without its frame.</summary>
    public ReadOnlySpan<byte> Payload => bytes.AsSpan(headerLength);

    /// <summary>Size on the wire.</summary>
    public int Length => bytes.Length;

    /// <summary>Whether the payload may share a WebSocket frame with others, and how.</summary>
    public Joining Joining => joining;

    /// <summary>Largest header of a server's frame.</summary>
    public const int MaxHeader = 10;

    /// <summary>A WebSocket control frame.</summary>
    public static Frame Control(WebSocketOpcode opcode, ReadOnlySpan<byte> payload) => Create(opcode, payload, Joining.None);

    /// <summary>A WebSocket close frame.</summary>
    /// <param name="code">Close code.</param>
    /// <param name="reason">ASCII, at most 123 bytes.</param>
    public static Frame Close(int code, string reason)
    {
        Span<byte> payload = stackalloc byte[125];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)code);
        var length = System.Text.Encoding.ASCII.GetBytes(reason.AsSpan(0, Math.Min(reason.Length, 123)), payload[2..]);
        return Control(WebSocketOpcode.Close, payload[..(2 + length)]);
    }

    /// <summary>Writes the header of an unmasked, final frame (RFC 6455, section 5.2).</summary>
    /// <returns>Its length.</returns>
    public static int WriteHeader(Span<byte> destination, WebSocketOpcode opcode, int payloadLength)
    {
        destination[0] = (byte)(0x80 | (int)opcode);
        switch (payloadLength)
        {
            case < 126:
                destination[1] = (byte)payloadLength;
                return 2;
            case <= ushort.MaxValue:
                destination[1] = 126;
                BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)payloadLength);
                return 4;
            default:
                destination[1] = 127;
                BinaryPrimitives.WriteUInt64BigEndian(destination[2..], (ulong)payloadLength);
                return MaxHeader;
        }
    }

    /// <summary>Length of the header for a payload.</summary>
    public static int HeaderLength(int payloadLength) => payloadLength < 126 ? 2 : payloadLength <= ushort.MaxValue ? 4 : MaxHeader;

    /// <summary>A WebSocket frame.</summary>
    /// <param name="opcode">Its kind.</param>
    /// <param name="payload">Its payload.</param>
    /// <param name="joining">Whether the payload may share a frame.</param>
    /// <param name="compressed">Whether the payload is compressed (RFC 7692: the first reserved bit).</param>
    public static Frame Create(WebSocketOpcode opcode, ReadOnlySpan<byte> payload, Joining joining, bool compressed = false)
    {
        var header = HeaderLength(payload.Length);
        var bytes = GC.AllocateUninitializedArray<byte>(header + payload.Length);
        WriteHeader(bytes, opcode, payload.Length);
        if (compressed) bytes[0] |= FrameHeader.Compressed;
        payload.CopyTo(bytes.AsSpan(header));
        return new Frame(bytes, header, joining);
    }
}

/// <summary>How payloads share a WebSocket frame.</summary>
internal enum Joining
{
    /// <summary>Not at all.</summary>
    None = 0,

    /// <summary>In a text frame with line breaks between.</summary>
    Lines,

    /// <summary>In a binary frame, one after the other: each says how long it is.</summary>
    Delimited,
}
