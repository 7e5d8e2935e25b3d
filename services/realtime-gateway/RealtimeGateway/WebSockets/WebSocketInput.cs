using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Millrace.RealtimeGateway.WebSockets;

/// <summary>What a client sent.</summary>
/// <param name="Opcode">Text, binary, ping, pong or close; continuation never.</param>
/// <param name="Payload">Unmasked.</param>
internal readonly record struct WebSocketInput(WebSocketOpcode Opcode, ReadOnlyMemory<byte> Payload)
{
    /// <summary>The connection broke or the peer ended it without a close frame.</summary>
    public static WebSocketInput Ended { get; } = new(WebSocketOpcode.Close, default) { IsEnd = true };

    /// <summary>Nothing more can be read or answered.</summary>
    public bool IsEnd { get; private init; }

    /// <summary>Close code to answer a broken rule with, 0 when none was broken.</summary>
    public int FailureCode { get; private init; }

    /// <summary>The broken rule.</summary>
    public string? FailureReason { get; private init; }

    /// <summary>The client broke a rule of the protocol.</summary>
    public static WebSocketInput Failed(int code, string reason) =>
        new(WebSocketOpcode.Close, default) { FailureCode = code, FailureReason = reason };

    /// <summary>Code to answer a client's close frame with: its own, or 1002 for a malformed one (section 7.1.5).</summary>
    public int CloseAnswer()
    {
        var payload = Payload.Span;
        if (payload.Length == 0) return WebSocketCloseCode.Normal;
        if (payload.Length == 1) return WebSocketCloseCode.ProtocolError;
        var code = BinaryPrimitives.ReadUInt16BigEndian(payload);
        return WebSocketCloseCode.IsValidOnWire(code) && Utf8.IsValid(payload[2..]) ? code : WebSocketCloseCode.ProtocolError;
    }

    /// <summary>For the log: code and reason of a client's close frame.</summary>
    public string Describe()
    {
        var payload = Payload.Span;
        return payload.Length < 2 ? "" : $"{BinaryPrimitives.ReadUInt16BigEndian(payload)} {Encoding.UTF8.GetString(payload[2..])}";
    }
}
