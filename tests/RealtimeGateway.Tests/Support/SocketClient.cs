using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Millrace.RealtimeGateway.Tests.Support;

/// <summary>A WebSocket client that sends and reads JSON documents, with the runtime's own implementation of RFC 6455.</summary>
internal sealed class SocketClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly ClientWebSocket _socket = new();
    private readonly Queue<JsonNode> _waiting = new();
    private readonly Queue<Google.Protobuf.ByteString> _delimited = new();
    private readonly byte[] _buffer = new byte[256 * 1024];
    private int _id;

    /// <summary>Frames that came.</summary>
    public int Frames { get; private set; }

    /// <summary>Code of the server's close frame.</summary>
    public int? CloseCode => (int?)_socket.CloseStatus;

    public string? CloseReason => _socket.CloseStatusDescription;

    public string? SubProtocol => _socket.SubProtocol;

    public ClientWebSocket Socket => _socket;

    public static async Task<SocketClient> OpenAsync(Uri server, string path, string? subprotocol = null, string? header = null, int? receiveBuffer = null, bool http2 = false, bool deflate = false)
    {
        var client = new SocketClient();
        if (subprotocol is not null) client._socket.Options.AddSubProtocol(subprotocol);
        if (header is not null) client._socket.Options.SetRequestHeader("Authorization", "Bearer " + header);
        if (deflate) client._socket.Options.DangerousDeflateOptions = new WebSocketDeflateOptions();
        client._socket.Options.CollectHttpResponseDetails = true;
        client._socket.Options.KeepAliveInterval = TimeSpan.Zero;
        if (http2)
        {
            client._socket.Options.HttpVersion = System.Net.HttpVersion.Version20;
            client._socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        }

        try
        {
            using var limit = new CancellationTokenSource(Patience);
            using var invoker = new HttpMessageInvoker(Handler(receiveBuffer));
            await client._socket.ConnectAsync(new UriBuilder(server) { Scheme = "ws" }.Uri.Combine(path), invoker, limit.Token);
        }
        catch (WebSocketException e)
        {
            throw new HttpRequestException("refused", e, client._socket.HttpStatusCode);
        }

        return client;
    }

    /// <summary>Opens a Centrifuge connection and connects.</summary>
    public static async Task<SocketClient> ConnectAsync(Uri server, string token)
    {
        var client = await OpenAsync(server, "/connection/websocket");
        var reply = await client.CallAsync("connect", new { token });
        Xunit.Assert.NotNull(reply["connect"]);
        return client;
    }

    public async Task SendAsync(string text)
    {
        using var limit = new CancellationTokenSource(Patience);
        await _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, limit.Token);
    }

    /// <summary>Sends a command and waits for its reply; other messages wait for <see cref="ReadAsync"/>.</summary>
    public async Task<JsonNode> CallAsync(string method, object request)
    {
        var id = ++_id;
        await SendAsync(new JsonObject { ["id"] = id, [method] = System.Text.Json.JsonSerializer.SerializeToNode(request) }.ToJsonString());
        var others = new List<JsonNode>();
        while (true)
        {
            var message = await ReadAsync();
            if ((int?)message["id"] == id)
            {
                var later = _waiting.ToArray();
                _waiting.Clear();
                foreach (var other in others.Concat(later)) _waiting.Enqueue(other);
                return message;
            }

            others.Add(message);
        }
    }

    public Task<JsonNode> SubscribeAsync(string channel) => CallAsync("subscribe", new { channel });

    public Task<JsonNode> RecoverAsync(string channel, string epoch, long offset) =>
        CallAsync("subscribe", new { channel, recover = true, epoch, offset });

    /// <summary>Documents that have come and were not read.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>The next document.</summary>
    public async Task<JsonNode> ReadAsync()
    {
        while (_waiting.Count == 0)
        {
            if (await ReadFrameAsync() is not { } text) throw new EndOfStreamException($"closed with {CloseCode} {CloseReason}");
            foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries)) _waiting.Enqueue(JsonNode.Parse(line)!);
        }

        return _waiting.Dequeue();
    }

    /// <summary>The next message of a connection in Protobuf.</summary>
    public async Task<Google.Protobuf.ByteString> ReadDelimitedAsync()
    {
        while (_delimited.Count == 0)
        {
            if (await ReadBytesAsync(WebSocketMessageType.Binary) is not { } frame) throw new EndOfStreamException($"closed with {CloseCode} {CloseReason}");
            var input = new Google.Protobuf.CodedInputStream(frame);
            while (!input.IsAtEnd) _delimited.Enqueue(input.ReadBytes());
        }

        return _delimited.Dequeue();
    }

    /// <summary>The next publication's body: <c>{"data","offset"}</c>.</summary>
    public async Task<JsonNode> PublicationAsync()
    {
        while (true)
        {
            if ((await ReadAsync())["push"]?["pub"] is { } publication) return publication;
        }
    }

    /// <summary>Reads until the server closes.</summary>
    public async Task<int?> ReadToCloseAsync()
    {
        while (await ReadFrameAsync() is not null)
        {
        }

        return CloseCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            try
            {
                using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
                await _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token);
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException)
            {
                // The server was faster.
            }
        }

        _socket.Dispose();
    }

    /// <summary>A connection whose kernel takes little, so that a client that does not read is soon noticed.</summary>
    private static SocketsHttpHandler Handler(int? receiveBuffer) => new()
    {
        ConnectCallback = async (context, token) =>
        {
            var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp) { NoDelay = true };
            if (receiveBuffer is { } size) socket.ReceiveBufferSize = size;
            await socket.ConnectAsync(context.DnsEndPoint, token);
            return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
        },
    };

    private async Task<string?> ReadFrameAsync() => await ReadBytesAsync(WebSocketMessageType.Text) is { } frame ? Encoding.UTF8.GetString(frame) : null;

    private async Task<byte[]?> ReadBytesAsync(WebSocketMessageType kind)
    {
        using var text = new MemoryStream();
        while (true)
        {
            using var limit = new CancellationTokenSource(Patience);
            var result = await _socket.ReceiveAsync(_buffer, limit.Token);
            if (result.MessageType == WebSocketMessageType.Close) return null;
            Xunit.Assert.Equal(kind, result.MessageType);
            text.Write(_buffer, 0, result.Count);
            if (!result.EndOfMessage) continue;
            Frames++;
            return text.ToArray();
        }
    }
}

internal static class UriExtensions
{
    public static Uri Combine(this Uri server, string path) => new(server, path);
}
