using System.Security.Cryptography;
using System.Text;

namespace Millrace.RealtimeFanout.Servers;

/// <summary>What clients and the publisher say to a server.</summary>
internal abstract class Dialect
{
    /// <summary>Bytes of a publication's data.</summary>
    public const int PayloadBytes = 150;

    /// <summary>Stands in front of the time that a publication was to be sent, 19 digits of the monotonic clock.</summary>
    public const string Mark = "{\"sent\":\"";

    /// <summary>The dialects by name.</summary>
    public static Dialect Of(string name) => name switch
    {
        "millrace" => new Centrifuge(),
        "nchan" => new Nchan(),
        "floor" => new Bare(),
        _ => throw new ArgumentException($"There is no server {name}.", nameof(name)),
    };

    /// <summary>What a client sends once its WebSocket is open.</summary>
    public virtual byte[]? Hello(int client, int channel) => null;

    /// <summary>What stands in the answer to <see cref="Hello"/> when the client listens.</summary>
    public virtual string Welcome => "";

    /// <summary>The request that opens a client's WebSocket.</summary>
    public byte[] Open(int channel) => Encoding.ASCII.GetBytes(
        $"GET {Path(channel)} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");

    /// <summary>A publication.</summary>
    public byte[] Publish(int channel, long intended)
    {
        var data = $"{Mark}{intended:D19}\",\"fill\":\"".PadRight(PayloadBytes - 2, 'x') + "\"}";
        var body = Body(channel, data);
        return Encoding.ASCII.GetBytes(
            $"POST {Target(channel)} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{Headers}Content-Length: {body.Length}\r\n\r\n{body}");
    }

    protected abstract string Path(int channel);

    protected abstract string Target(int channel);

    protected virtual string Headers => "";

    protected virtual string Body(int channel, string data) => data;

    /// <summary>The gateway: Centrifuge protocol, a token for each client, publications over the server API.</summary>
    private sealed class Centrifuge : Dialect
    {
        public override string Welcome => "\"subscribe\"";

        protected override string Headers => $"X-API-Key: {GatewayServer.ApiKey}\r\n";

        public override byte[] Hello(int client, int channel) => Masked(
            $$$"""{"id":1,"connect":{"token":"{{{Token(client)}}}"}}""" + "\n" + $$$"""{"id":2,"subscribe":{"channel":"{{{Name(channel)}}}"}}""");

        protected override string Path(int channel) => "/connection/websocket";

        protected override string Target(int channel) => "/api/publish";

        protected override string Body(int channel, string data) => $$"""{"channel":"{{Name(channel)}}","data":{{data}}}""";

        private static string Name(int channel) => $"tenant:{GatewayServer.Tenant}:{GatewayServer.Namespace}:{channel}";

        private static string Token(int client)
        {
            var expires = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds();
            var text = Encode("""{"alg":"HS256","typ":"JWT"}"""u8) + "." + Encode(Encoding.ASCII.GetBytes(
                $$"""{"sub":"user-{{client}}","tenant":"{{GatewayServer.Tenant}}","scope":"read","exp":{{expires}}}"""));
            return text + "." + Encode(HMACSHA256.HashData(Encoding.ASCII.GetBytes(GatewayServer.SigningKey), Encoding.ASCII.GetBytes(text)));
        }

        private static string Encode(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
    }

    private sealed class Nchan : Dialect
    {
        protected override string Path(int channel) => $"/sub/{channel}";

        protected override string Target(int channel) => $"/pub/{channel}";
    }

    private sealed class Bare : Dialect
    {
        protected override string Path(int channel) => $"/{channel}";

        protected override string Target(int channel) => $"/{channel}";
    }

    /// <summary>A client's text frame; its mask is zeros.</summary>
    public static byte[] Masked(string text)
    {
        var payload = Encoding.UTF8.GetBytes(text);
        return payload.Length < 126
            ? [0x81, (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload]
            : [0x81, 0x80 | 126, (byte)(payload.Length >> 8), (byte)payload.Length, 0, 0, 0, 0, .. payload];
    }
}
