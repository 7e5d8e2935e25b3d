namespace Millrace.RealtimeGateway.WebSockets.Listening;

/// <summary>
/// How the requests begin that open WebSockets. One that comes in pieces, or with other capitals, is not recognised and takes the server's way, where everything works just so.
/// </summary>
internal static class Opening
{
    /// <summary>As much as must be seen.</summary>
    public const int Longest = 32;

    /// <summary>Whether the first bytes of a connection open a WebSocket of the gateway.</summary>
    public static bool IsOurs(ReadOnlySpan<byte> head) =>
        Is(head, "GET /connection/websocket"u8) || Is(head, "GET /ws"u8) || Is(head, "GET /connection/uni_websocket"u8);

    private static bool Is(ReadOnlySpan<byte> head, ReadOnlySpan<byte> start) =>
        head.Length > start.Length && head.StartsWith(start) && head[start.Length] is (byte)' ' or (byte)'?';
}
