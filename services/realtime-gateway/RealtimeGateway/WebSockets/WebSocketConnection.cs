using Microsoft.AspNetCore.Http;
using Millrace.RealtimeGateway.Centrifuge;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.WebSockets;

/// <summary>What WebSocket connections have in common: the read loop, pings, the close handshake.</summary>
internal abstract class WebSocketConnection : Connection
{
    private readonly WebSocketTransport _transport;
    private readonly WebSocketReader _reader;
    private readonly HttpContext _context;
    private long _nextPingMs = long.MaxValue;
    private long _pongDueMs = long.MaxValue;
    private int _awaitingPong;

    protected WebSocketConnection(Wire wire, HttpContext context, Stream stream, WebSocketTransport transport, ConnectionServices services)
        : base(wire, transport, services.Hub.NextShard())
    {
        _context = context;
        _transport = transport;
        // Zero-byte reads: no buffer while nothing comes.
        var input = System.IO.Pipelines.PipeReader.Create(stream, new(bufferSize: 4096, minimumReadSize: 1024, leaveOpen: true, useZeroByteReads: true));
        _reader = new WebSocketReader(input, services.Options.InboundBytes);
        Services = services;
    }

    protected ConnectionServices Services { get; }

    protected HttpContext Context => _context;

    /// <summary>Pings by WebSocket control frames; otherwise by <see cref="PingFrame"/>.</summary>
    protected abstract bool PingsByControlFrame { get; }

    /// <summary>The ping of a protocol that has its own.</summary>
    protected abstract Frame PingFrame { get; }

    /// <summary>Serves the connection to its end.</summary>
    public async Task RunAsync()
    {
        Shard.Post(new Work(WorkKind.Join, this));
        Services.Metrics.Connected(Kind);
        try
        {
            await OnOpenAsync(_context.RequestAborted);
            await ReadAsync(_context.RequestAborted);
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
            EndSubscriptions();
            await LeaveAsync();
            _reader.Release();
        }
    }

    public override Frame? ClosingFrame(Disconnect disconnect) => Frame.Close(disconnect.Code, disconnect.Reason);

    public override void OnTick(long nowMs)
    {
        if (Volatile.Read(ref _awaitingPong) != 0)
        {
            // A slow client may still be reading what was sent before the ping: its time begins when it has caught up.
            if (Writing || Queue.Count > 0) _pongDueMs = nowMs + PongTimeoutMs;
            else if (nowMs >= _pongDueMs) Shard.Close(this, Disconnect.NoPong);
            return;
        }

        if (nowMs < Volatile.Read(ref _nextPingMs)) return;
        Volatile.Write(ref _nextPingMs, nowMs + (long)Services.Options.PingInterval.TotalMilliseconds);
        _pongDueMs = nowMs + PongTimeoutMs;
        Volatile.Write(ref _awaitingPong, 1);
        Shard.Enqueue(this, PingsByControlFrame ? ControlPing : PingFrame);
    }

    /// <summary>Called once, before the first message is read.</summary>
    protected virtual Task OnOpenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A message of the client.</summary>
    /// <returns><see langword="false"/> to read no more messages; the close handshake still follows.</returns>
    protected abstract ValueTask<bool> OnMessageAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken);

    /// <summary>Ends what the connection listens to.</summary>
    protected abstract void EndSubscriptions();

    /// <summary>Begins to ping. The first one comes at some time in the second half of an interval, so that not all come together.</summary>
    protected void StartPings()
    {
        var interval = Services.Options.PingInterval.TotalMilliseconds;
#pragma warning disable CA5394 // Spread is no secret.
        Volatile.Write(ref _nextPingMs, Shard.NowMs + (long)(interval * (0.5 + (0.5 * Random.Shared.NextDouble()))));
#pragma warning restore CA5394
    }

    /// <summary>The client has answered a ping.</summary>
    /// <returns><see langword="false"/> when there was none to answer.</returns>
    protected bool Ponged() => Interlocked.Exchange(ref _awaitingPong, 0) != 0;

    private static Frame ControlPing { get; } = Frame.Control(WebSocketOpcode.Ping, []);

    private long PongTimeoutMs => (long)Services.Options.PongTimeout.TotalMilliseconds;

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        var listens = true;
        while (true)
        {
            var input = await _reader.ReadAsync(cancellationToken);
            if (input.IsEnd) return;
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
                    return;
                case WebSocketOpcode.Ping:
                    Send(Frame.Control(WebSocketOpcode.Pong, input.Payload.Span));
                    break;
                case WebSocketOpcode.Pong:
                    if (PingsByControlFrame) Ponged();
                    break;
                default:
                    if (listens) listens = await OnMessageAsync(input.Payload, cancellationToken);
                    break;
            }
        }
    }
}
