using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Millrace.RealtimeGateway.WebSockets;

/// <summary>
/// A connection that stays the web server's: over TLS, over HTTP/2, or behind other requests. Over plain HTTP/1.1 the bytes go to the socket itself all the same, which saves the
/// server's output pipe with its copy and its wake-up for each frame; else they go through the server's stream.
/// </summary>
internal sealed class ServerTransport : WebSocketTransport
{
    // Zero-byte reads: no buffer while nothing comes.
    private static readonly StreamPipeReaderOptions Reading = new(bufferSize: 4096, minimumReadSize: 1024, leaveOpen: true, useZeroByteReads: true);

    private readonly HttpContext _context;
    private readonly Stream _stream;
    private readonly Socket? _socket;
    private bool _streamUsed;
    private volatile bool _direct;

    public ServerTransport(HttpContext context, Stream stream, int? sendBufferBytes)
    {
        _context = context;
        _stream = stream;
        Input = PipeReader.Create(stream, Reading);
        if (context.Request.Protocol != HttpProtocol.Http11 || context.Features.Get<ITlsHandshakeFeature>() is not null) return;
        _socket = context.Features.Get<IConnectionSocketFeature>()?.Socket;
        if (_socket is not null && sendBufferBytes is { } size) TrySet(() => _socket.SendBufferSize = size);
    }

    public override PipeReader Input { get; }

    public override CancellationToken Aborted => _context.RequestAborted;

    /// <summary>The client has the answer to its handshake, so that went out before anything that is written from now on.</summary>
    public override void HasHeard()
    {
        if (_direct || _socket is null) return;
        _direct = TrySet(() => _socket.Blocking = false);
    }

    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        // Once something went through the stream its order against the socket is not known any more.
        if (_direct && !_streamUsed && _socket is not null) return SendAsync(_socket, bytes);
        _streamUsed = true;
        return _stream.WriteAsync(bytes);
    }

    public override void Abort() => _context.Abort();
}
