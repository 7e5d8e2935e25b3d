using System.Buffers;
using System.Buffers.Binary;

namespace Millrace.RealtimeGateway.WebSockets;

/// <summary>Header of a client's frame (RFC 6455, section 5.2).</summary>
internal readonly struct FrameHeader
{
    private const int MaxSize = 14;

    public bool Final { get; private init; }

    public WebSocketOpcode Opcode { get; private init; }

    /// <summary>Masking key with its first byte lowest.</summary>
    public uint Mask { get; private init; }

    /// <summary>Bytes of the header itself.</summary>
    public int Size { get; private init; }

    public long PayloadLength { get; private init; }

    public bool IsControl => ((int)Opcode & 0x8) != 0;

    /// <summary>The bit of the first byte that says that a message is compressed (RFC 7692, section 6).</summary>
    public const byte Compressed = 0x40;

    /// <summary>Whether that bit is set.</summary>
    public bool IsCompressed { get; private init; }

    private bool Reserved { get; init; }

    private bool Masked { get; init; }

    /// <summary>Reads a header; <see langword="false"/> when there are too few bytes.</summary>
    public static bool TryRead(ReadOnlySequence<byte> buffer, out FrameHeader header)
    {
        header = default;
        Span<byte> bytes = stackalloc byte[MaxSize];
        var length = (int)Math.Min(buffer.Length, MaxSize);
        buffer.Slice(0, length).CopyTo(bytes);
        if (length < 2) return false;
        var masked = (bytes[1] & 0x80) != 0;
        var short7 = bytes[1] & 0x7f;
        var extended = short7 switch { 126 => 2, 127 => 8, _ => 0 };
        var size = 2 + extended + (masked ? 4 : 0);
        if (length < size) return false;
        header = new FrameHeader
        {
            Final = (bytes[0] & 0x80) != 0,
            Reserved = (bytes[0] & 0x30) != 0,
            IsCompressed = (bytes[0] & Compressed) != 0,
            Opcode = (WebSocketOpcode)(bytes[0] & 0x0f),
            Masked = masked,
            Mask = masked ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[(2 + extended)..]) : 0,
            Size = size,
            PayloadLength = extended switch
            {
                0 => short7,
                2 => BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
                _ => (long)Math.Min(BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]), long.MaxValue / 2),
            },
        };
        return true;
    }

    /// <summary>The rule that the frame breaks, if any.</summary>
    /// <param name="insideMessage">Whether a fragmented message has begun and not ended.</param>
    /// <param name="mayCompress">Whether compression was agreed on.</param>
    public string? Violation(bool insideMessage, bool mayCompress = false)
    {
        // Compressed are messages: neither control frames nor a message's further frames say so.
        if (Reserved || (IsCompressed && (!mayCompress || IsControl || Opcode == WebSocketOpcode.Continuation))) return "reserved bits set";
        if (!Masked) return "frame not masked";
        return Opcode switch
        {
            WebSocketOpcode.Continuation => insideMessage ? null : "continuation of nothing",
            WebSocketOpcode.Text or WebSocketOpcode.Binary => insideMessage ? "message inside a message" : null,
            WebSocketOpcode.Close or WebSocketOpcode.Ping or WebSocketOpcode.Pong =>
                !Final ? "fragmented control frame" : PayloadLength > 125 ? "control frame too long" : null,
            _ => "unknown opcode",
        };
    }
}
