using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Millrace.Hosting.Http;

namespace Millrace.RealtimeGateway.WebSockets.Listening;

/// <summary>A connection of the web server over a socket that can be taken out of it.</summary>
internal sealed class DetachableConnection : DefaultConnectionContext, IConnectionSocketFeature, IDetachFeature, IOutlivingSocketFeature
{
    private DetachedSocket? _detached;

    public DetachableConnection(Socket socket)
    {
        Socket = socket;
        socket.Blocking = false;
        var stream = new HandshakeStream(socket);
        Transport = new Pipes(PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true)), PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true)));
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        Features.Set<IConnectionSocketFeature>(this);
        Features.Set<IDetachFeature>(this);
        Features.Set<IOutlivingSocketFeature>(this);
    }

    public Socket Socket { get; }

    public DetachedSocket Detach()
    {
        // What came right behind the handshake is in the server's hands already.
        byte[] ahead = [];
        if (Transport.Input.TryRead(out var read))
        {
            ahead = System.Buffers.BuffersExtensions.ToArray(read.Buffer);
            Transport.Input.AdvanceTo(read.Buffer.End);
        }

        return _detached = new DetachedSocket(Socket, ahead);
    }

    public bool TryOnClosed(Action done)
    {
        _detached?.OnClosed(done);
        return _detached is not null;
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (_detached is null) DetachedSocket.Shut(Socket);
        base.Abort(abortReason);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_detached is null)
        {
            DetachedSocket.Shut(Socket);
            Socket.Dispose();
        }

        await base.DisposeAsync();
    }

    private sealed class Pipes(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
