using System.IO.Pipelines;
using Millrace.RealtimeGateway.Centrifuge;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.WebSockets;

/// <summary>What WebSocket connections have in common: the read loop, pings, the close handshake.</summary>
internal abstract class WebSocketConnection : Connection
{
    private readonly WebSocketTransport _transport;
    private readonly WebSocketReader _reader;
    private PingClock _pings = new();
    private bool _listens = true;

    protected WebSocketConnection(Wire wire, WebSocketTransport transport, ConnectionServices services)
        : base(wire, transport, services.Hub.NextShard())
    {
        _transport = transport;
        _reader = new WebSocketReader(transport.Input, services.Options.InboundBytes, wire.IsDeflated);
        Services = services;
    }

    protected ConnectionServices Services { get; }

    /// <summary>Whether a control frame is the answer to a ping.</summary>
    protected abstract bool PingsByControlFrame { get; }

    /// <summary>The ping.</summary>
    protected abstract Frame Ping { get; }

    /// <summary>Serves the connection to its end, and gives its place back.</summary>
    public async Task RunAsync()
    {
        Shard.Post(new Work(WorkKind.Join, this));
        Services.Metrics.Connected(Kind);
        try
        {
            await OnOpenAsync(_transport.Aborted);
            while (true)
            {
                ReadResult read;
                try
                {
                    // Here a connection spends its life: whatever else were under way would be memory that each of them holds.
                    read = await _transport.Input.ReadAsync(_transport.Aborted);
                }
                catch (Exception e) when (WebSocketReader.IsBroken(e))
                {
                    break;
                }

                if (_reader.TryTake(read, out var input) && !await HandleAsync(input)) break;
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.ConnectionFailed(Services.Logger, Kind, e);
            Close(Disconnect.ServerError);
            await Closed;
        }
        catch (OperationCanceledException)
        {
            // The client has gone in the middle of something.
        }
        finally
        {
            await EndAsync();
            await LeaveAsync();
            _reader.Release();
            _transport.Close();
            Services.Hub.GivePlaceBack();
        }
    }

    public override Frame? ClosingFrame(Disconnect disconnect) => Frame.Close(disconnect.Code, disconnect.Reason);

    public override void OnTick(long nowMs)
    {
        if (_pings.Tick(this, nowMs, Services.Options)) Shard.Enqueue(this, Ping);
    }

    /// <summary>Called once, before the first message is read.</summary>
    protected virtual Task OnOpenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A message of the client.</summary>
    /// <returns><see langword="false"/> to read no more messages; the close handshake still follows.</returns>
    protected abstract ValueTask<bool> OnMessageAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken);

    /// <summary>Ends what the connection listens to.</summary>
    protected abstract ValueTask EndAsync();

    /// <summary>The client has answered a ping by control frame.</summary>
    protected virtual void OnControlPong() => _pings.Ponged();

    /// <summary>Begins to ping.</summary>
    protected void StartPings() => _pings.Start(Shard.NowMs, Services.Options.PingInterval);

    /// <summary>A ping by control frame.</summary>
    protected static Frame ControlPing { get; } = Frame.Control(WebSocketOpcode.Ping, []);

    /// <returns><see langword="false"/> when nothing more is to be read.</returns>
    private async ValueTask<bool> HandleAsync(WebSocketInput input)
    {
        if (input.IsEnd) return false;
        _transport.HasHeard();
        switch (input.Opcode)
        {
            case WebSocketOpcode.Close:
                Log.Ended(Services.Logger, Kind, input.FailureCode, input.FailureReason ?? input.Describe());
                // Without effect when the server closed first and this is the answer.
                Close(input.FailureCode == 0
                    ? Disconnect.ByClient with { Code = input.CloseAnswer() }
                    : new Disconnect(input.FailureCode, input.FailureReason!));
                await Closed;
                return false;
            case WebSocketOpcode.Ping:
                Send(Frame.Control(WebSocketOpcode.Pong, input.Payload.Span));
                break;
            case WebSocketOpcode.Pong:
                if (PingsByControlFrame) OnControlPong();
                break;
            default:
                if (_listens) _listens = await OnMessageAsync(input.Payload, _transport.Aborted);
                break;
        }

        return true;
    }
}
