using Millrace.RealtimeGateway.Centrifuge.Sessions;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.WebSockets;

namespace Millrace.RealtimeGateway.Centrifuge.Transports;

/// <summary>A session over a WebSocket.</summary>
internal sealed class CentrifugeSocket : WebSocketConnection
{
    private readonly Session _session;

    public CentrifugeSocket(Wire wire, WebSocketTransport transport, SessionServices services, SessionStart start)
        : base(wire, transport, services.Connections)
    {
        _session = new Session(this, services, start);
    }

    public override string Kind => "centrifuge";

    protected override bool PingsByControlFrame => _session.Start.ControlFramePings;

    protected override Frame Ping => throw new NotSupportedException("The session pings.");

    public override void OnTick(long nowMs) => _session.OnTick(nowMs);

    protected override void OnControlPong() => _session.Ponged();

    protected override ValueTask<bool> OnMessageAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken) =>
        _session.ReceiveAsync(message, cancellationToken);

    protected override ValueTask EndAsync() => _session.EndAsync();
}
