namespace Millrace.RealtimeGateway.WebSockets;

/// <summary>Opcodes of RFC 6455, section 5.2.</summary>
internal enum WebSocketOpcode
{
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xA,
}

/// <summary>Close codes of RFC 6455, section 7.4.1, that the gateway uses; its own begin at 3000.</summary>
internal static class WebSocketCloseCode
{
    public const int Normal = 1000;
    public const int ProtocolError = 1002;
    public const int InvalidPayload = 1007;
    public const int MessageTooBig = 1009;

    /// <summary>Codes that may stand in a close frame; all others in one are a protocol error.</summary>
    public static bool IsValidOnWire(int code) => code is (>= 1000 and <= 1003) or (>= 1007 and <= 1014) or (>= 3000 and <= 4999);
}
