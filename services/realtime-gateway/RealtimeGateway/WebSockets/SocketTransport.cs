using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using Millrace.RealtimeGateway.WebSockets.Listening;

namespace Millrace.RealtimeGateway.WebSockets;

/// <summary>A connection that the web server has let go of: nothing stands between it and its socket.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Without a timer or a handle there is nothing to dispose of in the source, and an abort may come at any time.")]
internal sealed class SocketTransport : WebSocketTransport
{
    private readonly DetachedSocket _detached;
    private readonly CancellationTokenSource _aborted = new();

    public SocketTransport(DetachedSocket detached, int? sendBufferBytes)
    {
        _detached = detached;
        if (sendBufferBytes is { } size) TrySet(() => detached.Socket.SendBufferSize = size);
        Input = new SocketInput(detached.Socket, detached.Ahead);
    }

    public override PipeReader Input { get; }

    public override CancellationToken Aborted => _aborted.Token;

    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => SendAsync(_detached.Socket, bytes);

    public override void Abort()
    {
        DetachedSocket.Shut(_detached.Socket);
        _aborted.Cancel();
    }

    public override void Close()
    {
        Input.Complete();
        _detached.Dispose();
    }
}
