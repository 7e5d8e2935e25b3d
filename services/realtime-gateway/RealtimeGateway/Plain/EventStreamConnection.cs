using Microsoft.AspNetCore.Http;
using Millrace.RealtimeGateway.Centrifuge;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Plain;

/// <summary>A client of <c>GET /sse</c>.</summary>
internal sealed class EventStreamConnection : Connection
{
    // A comment keeps proxies and the client's own timers from taking silence for the end.
    private static readonly Frame Heartbeat = Wire.ServerSentEvents.Framing.Wrap(": \n\n"u8);

    private readonly HttpContext _context;
    private readonly ConnectionServices _services;
    private readonly PlainRequest _request;
    private readonly CredentialWatch _watch;
    private long _nextHeartbeatMs;

    public EventStreamConnection(HttpContext context, ConnectionServices services, PlainRequest request)
        : base(Wire.ServerSentEvents, new ResponseTransport(context), services.Hub.NextShard())
    {
        _context = context;
        _services = services;
        _request = request;
        _watch = new CredentialWatch(this, services.Authenticator, services.Options, services.Logger);
        _watch.Set(request.Credential, request.Caller, services.Time.GetUtcNow());
        _nextHeartbeatMs = Shard.NowMs + (long)services.Options.PingInterval.TotalMilliseconds;
    }

    public override string Kind => "sse";

    /// <summary>Serves the connection to its end.</summary>
    public async Task RunAsync()
    {
        Subscription? subscription = null;
        Shard.Post(new Work(WorkKind.Join, this));
        _services.Metrics.Connected(Kind);
        Log.Opened(_services.Logger, Kind, _request.Caller.Subject, _request.Caller.Tenant);
        try
        {
            if (!TryEnter(ConnectionIdentity.Of(_request.Caller, _services.Time), _services.Metrics.Tenants, _services.Hub.Counts))
            {
                _services.Metrics.Refused("owner_limit");
                Close(Disconnect.ConnectionLimit);
                await Closed.WaitAsync(_context.RequestAborted);
                return;
            }

            subscription = await _services.Subscriptions.SubscribeAsync(
                this, _request.Channel, _request.Wish, _request.Since, First, _context.RequestAborted);
            await Closed.WaitAsync(_context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The client has gone.
        }
        catch (TimeoutException)
        {
            Close(Disconnect.ServerError);
            await Closed;
        }
        finally
        {
            subscription?.Channel.Unsubscribe(subscription, null);
            await LeaveAsync();
        }
    }

    public override void OnTick(long nowMs)
    {
        _watch.Tick(nowMs);
        if (nowMs < _nextHeartbeatMs) return;
        _nextHeartbeatMs = nowMs + (long)_services.Options.PingInterval.TotalMilliseconds;
        Shard.Enqueue(this, Heartbeat);
    }

    // Browsers give this to whoever listens for it by name; the others just see the end.
    public override Frame? ClosingFrame(Disconnect disconnect)
    {
        var b = new Utf8Builder(128);
        b.Add("event: disconnect\ndata: {\"code\":"u8);
        b.Add(disconnect.Code);
        b.Add(",\"reason\":\""u8);
        b.Add(disconnect.Reason);
        b.Add("\"}\n\n"u8);
        var frame = Wire.Framing.Wrap(b.Written);
        b.Dispose();
        return frame;
    }

    private Frame First(Channel channel, SubscribeOutcome outcome)
    {
        var first = _request.First(Wire, channel, outcome);
        // The headers go out with the first bytes: there must be some.
        return first.Length > 0 ? first : Heartbeat;
    }
}
