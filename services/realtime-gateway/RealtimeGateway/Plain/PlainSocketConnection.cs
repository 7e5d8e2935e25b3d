using Millrace.RealtimeGateway.Centrifuge;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.WebSockets;

namespace Millrace.RealtimeGateway.Plain;

/// <summary>A client of <c>GET /ws</c>: it listens to one channel and has nothing to say.</summary>
internal sealed class PlainSocketConnection(
    Wire wire, WebSocketTransport transport, ConnectionServices services, PlainRequest request)
    : WebSocketConnection(wire, transport, services)
{
    private CredentialWatch? _watch;
    private Subscription? _subscription;

    public override string Kind => "ws";

    protected override bool PingsByControlFrame => true;

    protected override Frame Ping => ControlPing;

    public override void OnTick(long nowMs)
    {
        base.OnTick(nowMs);
        Volatile.Read(ref _watch)?.Tick(nowMs);
    }

    protected override async Task OnOpenAsync(CancellationToken cancellationToken)
    {
        var watch = new CredentialWatch(this, Services.Authenticator, Services.Options, Services.Logger);
        watch.Set(request.Credential, request.Caller, Services.Time.GetUtcNow());
        Volatile.Write(ref _watch, watch);
        if (!TryEnter(ConnectionIdentity.Of(request.Caller, Services.Time), Services.Metrics.Tenants, Services.Hub.Counts))
        {
            Services.Metrics.Refused("owner_limit");
            Close(Disconnect.ConnectionLimit);
            return;
        }

        Log.Opened(Services.Logger, Kind, request.Caller.Subject, request.Caller.Tenant);
        try
        {
            _subscription = await Services.Subscriptions.SubscribeAsync(
                this,
                request.Channel,
                request.Wish,
                request.Since,
                (channel, outcome) => request.First(Wire, channel, outcome),
                cancellationToken);
            StartPings();
        }
        catch (TimeoutException)
        {
            Close(Disconnect.ServerError);
        }
    }

    // What a client says has no meaning here, so it is not worth an error either.
    protected override ValueTask<bool> OnMessageAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken) => ValueTask.FromResult(true);

    protected override ValueTask EndAsync()
    {
        _subscription?.Channel.Unsubscribe(_subscription, null);
        return ValueTask.CompletedTask;
    }
}
