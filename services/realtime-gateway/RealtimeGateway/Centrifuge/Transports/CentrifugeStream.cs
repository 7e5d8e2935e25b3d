using Microsoft.AspNetCore.Http;
using Millrace.RealtimeGateway.Centrifuge.Sessions;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Centrifuge.Transports;

/// <summary>A session over a long answer: server-sent events, or a stream of messages.</summary>
internal sealed class CentrifugeStream : Connection
{
    private readonly Session _session;
    private readonly HttpContext _context;

    public CentrifugeStream(Wire wire, HttpContext context, SessionServices services, SessionStart start)
        : base(wire, new ResponseTransport(context), services.Connections.Hub.NextShard())
    {
        _context = context;
        _session = new Session(this, services, start);
    }

    public override string Kind => Wire.Name;

    /// <summary>Serves the connection to its end.</summary>
    /// <param name="begin">Takes what the request said.</param>
    public async Task RunAsync(Func<Session, CancellationToken, ValueTask> begin)
    {
        Shard.Post(new Work(WorkKind.Join, this));
        var services = _session.Services;
        services.Metrics.Connected(Kind);
        try
        {
            await begin(_session, _context.RequestAborted);
            await Closed.WaitAsync(_context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The client has gone.
        }
        catch (Exception e)
        {
            Log.ConnectionFailed(services.Logger, Kind, e);
            Close(Disconnect.ServerError);
            await Closed;
        }
        finally
        {
            await _session.EndAsync();
            await LeaveAsync();
        }
    }

    public override void OnTick(long nowMs) => _session.OnTick(nowMs);

    public override Frame? ClosingFrame(Disconnect disconnect) => _session.DisconnectPush(disconnect);
}
