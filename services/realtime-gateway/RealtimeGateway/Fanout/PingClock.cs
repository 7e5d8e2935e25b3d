using Millrace.RealtimeGateway.Centrifuge;

namespace Millrace.RealtimeGateway.Fanout;

/// <summary>Says when a connection is to be pinged, and ends it when no answer comes. Ticks come from its shard, everything else from any thread.</summary>
internal struct PingClock()
{
    private long _nextMs = long.MaxValue;
    private long _dueMs = long.MaxValue;
    private int _awaiting;

    /// <summary>Begins. The first ping comes at some time in the second half of an interval, so that not all come together.</summary>
    public void Start(long nowMs, TimeSpan interval)
    {
#pragma warning disable CA5394 // Spread is no secret.
        Volatile.Write(ref _nextMs, nowMs + (long)(interval.TotalMilliseconds * (0.5 + (0.5 * Random.Shared.NextDouble()))));
#pragma warning restore CA5394
    }

    /// <summary>Looks at the clock.</summary>
    /// <param name="connection">Whose.</param>
    /// <param name="nowMs">The shard's clock.</param>
    /// <param name="options">Interval and patience.</param>
    /// <param name="answered">Whether the client answers pings.</param>
    /// <returns>Whether a ping is to be sent.</returns>
    public bool Tick(Connection connection, long nowMs, GatewayConnectionOptions options, bool answered = true)
    {
        if (Volatile.Read(ref _awaiting) != 0)
        {
            // A slow client may still be reading what was sent before the ping: its time begins when it has caught up.
            if (connection.Writing || connection.Queue.Count > 0) _dueMs = nowMs + (long)options.PongTimeout.TotalMilliseconds;
            else if (nowMs >= _dueMs) connection.Shard.Close(connection, Disconnect.NoPong);
            return false;
        }

        if (nowMs < Volatile.Read(ref _nextMs)) return false;
        Volatile.Write(ref _nextMs, nowMs + (long)options.PingInterval.TotalMilliseconds);
        if (!answered) return true;
        _dueMs = nowMs + (long)options.PongTimeout.TotalMilliseconds;
        Volatile.Write(ref _awaiting, 1);
        return true;
    }

    /// <summary>The client has answered a ping.</summary>
    /// <returns><see langword="false"/> when there was none to answer.</returns>
    public bool Ponged() => Interlocked.Exchange(ref _awaiting, 0) != 0;
}
