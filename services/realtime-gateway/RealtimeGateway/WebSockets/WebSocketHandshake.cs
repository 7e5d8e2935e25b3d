using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Millrace.RealtimeGateway.WebSockets;

/// <summary>
/// The opening handshake: RFC 6455 over HTTP/1.1 and RFC 8441 over HTTP/2. The gateway frames by itself (and not with
/// <c>System.Net.WebSockets</c>) because its fan-out sends frames that were encoded once for all subscribers.
/// </summary>
internal static class WebSocketHandshake
{
    private const string AcceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /// <summary>Whether the request asks for a WebSocket, well-formed or not.</summary>
    public static bool IsRequested(HttpContext context)
    {
        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
            return string.Equals(connect.Protocol, "websocket", StringComparison.OrdinalIgnoreCase);
        return context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
            && HasToken(context.Request.Headers.Upgrade, "websocket");
    }

    /// <summary>What is wrong with the handshake, or <see langword="null"/> when it can be accepted.</summary>
    public static string? Check(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (headers.SecWebSocketVersion != "13") return "Sec-WebSocket-Version must be 13";
        if (IsExtendedConnect(context)) return null;
        if (!HttpMethods.IsGet(context.Request.Method)) return "the method must be GET";
        if (!HasToken(headers.Connection, "upgrade")) return "the Connection header must name upgrade";
        Span<byte> key = stackalloc byte[32];
        return Convert.TryFromBase64String(headers.SecWebSocketKey.ToString(), key, out var length) && length == 16
            ? null
            : "Sec-WebSocket-Key must be 16 bytes in base64";
    }

    /// <summary>Subprotocols that the client offers, in its order of preference.</summary>
    public static IEnumerable<string> Offered(HttpContext context) =>
        context.Request.Headers.SecWebSocketProtocol
            .SelectMany(h => (h ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    /// <summary>Switches protocols. The stream carries frames both ways from here on.</summary>
    public static async Task<Stream> AcceptAsync(HttpContext context, string? subprotocol, string? extensions = null)
    {
        var headers = context.Response.Headers;
        if (extensions is not null) headers.SecWebSocketExtensions = extensions;
        if (subprotocol is not null) headers.SecWebSocketProtocol = subprotocol;
        if (IsExtendedConnect(context))
        {
            context.Response.StatusCode = StatusCodes.Status200OK;
            return await context.Features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync();
        }

        headers.Connection = HeaderNames.Upgrade;
        headers.Upgrade = "websocket";
        headers.SecWebSocketAccept = AcceptKey(context.Request.Headers.SecWebSocketKey.ToString().Trim());
        return await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
    }

    internal static string AcceptKey(string key)
    {
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // RFC 6455 prescribes SHA-1 here; nothing is protected by it.
        SHA1.HashData(Encoding.ASCII.GetBytes(key + AcceptGuid), hash);
#pragma warning restore CA5350
        return Convert.ToBase64String(hash);
    }

    private static bool IsExtendedConnect(HttpContext context) =>
        context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true };

    private static bool HasToken(Microsoft.Extensions.Primitives.StringValues values, string token) =>
        values.Any(v => v is not null && v.Split(',', StringSplitOptions.TrimEntries).Contains(token, StringComparer.OrdinalIgnoreCase));
}
