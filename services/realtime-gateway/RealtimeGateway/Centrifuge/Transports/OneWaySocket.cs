using Millrace.RealtimeGateway.Centrifuge.Sessions;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.WebSockets;

namespace Millrace.RealtimeGateway.Centrifuge.Transports;

/// <summary>A session over a WebSocket on which the client says who it is and what it wants, and then listens.</summary>
internal sealed class OneWaySocket : WebSocketConnection
{
    private readonly Session _session;
    private bool _connected;

    public OneWaySocket(Wire wire, WebSocketTransport transport, SessionServices services, SessionStart start)
        : base(wire, transport, services.Connections)
    {
        _session = new Session(this, services, start);
    }

    public override string Kind => Wire.Name;

    protected override bool PingsByControlFrame => true;

    protected override Frame Ping => ControlPing;

    public override void OnTick(long nowMs) => _session.OnTick(nowMs);

    protected override void OnControlPong() => _session.Ponged();

    // What the client says later has no meaning, so it is not worth an error either.
    protected override async ValueTask<bool> OnMessageAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        if (_connected) return true;
        _connected = true;
        if (Wire.Format!.ReadConnect(message.Span) is not { } command) return _session.Fail(Disconnect.BadRequest);
        await _session.ConnectAsync(command, cancellationToken);
        return true;
    }

    protected override ValueTask EndAsync() => _session.EndAsync();
}
