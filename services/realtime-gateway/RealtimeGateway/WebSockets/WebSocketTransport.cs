using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.WebSockets;

/// <summary>
/// Writes to an upgraded connection. Over plain HTTP/1.1 the bytes go to the socket itself, which saves the server's output pipe with its copy and its
/// wake-up for each frame; over TLS and HTTP/2 they go through the server's stream.
/// </summary>
internal sealed class WebSocketTransport : IClientTransport
{
    private readonly HttpContext _context;
    private readonly Stream _stream;
    private readonly Socket? _socket;
    private bool _streamUsed;
    private volatile bool _direct;

    public WebSocketTransport(HttpContext context, Stream stream, int? sendBufferBytes)
    {
        _context = context;
        _stream = stream;
        if (context.Request.Protocol != HttpProtocol.Http11 || context.Features.Get<ITlsHandshakeFeature>() is not null) return;
        _socket = context.Features.Get<IConnectionSocketFeature>()?.Socket;
        if (_socket is not null && sendBufferBytes is { } size) TrySet(() => _socket.SendBufferSize = size);
    }

    /// <summary>
    /// A message has come from the client: it has the answer to its handshake, so that went out before anything that is written from now on.
    /// </summary>
    public void HasHeard()
    {
        if (_direct || _socket is null) return;
        _direct = TrySet(() => _socket.Blocking = false);
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        // Once something went through the stream its order against the socket is not known any more.
        if (!_direct || _streamUsed || _socket is null)
        {
            _streamUsed = true;
            return _stream.WriteAsync(bytes);
        }

        var sent = _socket.Send(bytes.Span, SocketFlags.None, out var error);
        if (error == SocketError.Success && sent == bytes.Length) return ValueTask.CompletedTask;
        return error is SocketError.Success or SocketError.WouldBlock
            ? RestAsync(_socket, error == SocketError.Success ? bytes[sent..] : bytes)
            : ValueTask.FromException(new SocketException((int)error));
    }

    public void Abort() => _context.Abort();

    /// <summary>A client may be gone before it is served; whoever reads or writes next finds out.</summary>
    private static bool TrySet(Action set)
    {
        try
        {
            set();
            return true;
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            return false;
        }
    }

    private static async ValueTask RestAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None)..];
    }
}
