using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Centrifuge.Sessions;

/// <summary>A subscription as its session knows it.</summary>
/// <param name="inner">The subscription.</param>
/// <param name="serverSide">The server began it, and nobody but the server ends it.</param>
internal sealed class SessionSubscription(Subscription inner, bool serverSide)
{
    public Subscription Inner => inner;

    public bool ServerSide => serverSide;

    /// <summary>It began with a token of its own, which allows it whatever the connection's says.</summary>
    public bool ByToken { get; set; }

    /// <summary>Document about the client in this channel, as JSON; empty for none.</summary>
    public byte[] Info { get; set; } = [];

    /// <summary>When it ends unless it is refreshed, of the shard's clock; for ever by default. Any thread.</summary>
    public long EndsMs
    {
        get => Volatile.Read(ref _endsMs);
        set => Volatile.Write(ref _endsMs, value);
    }

    private long _endsMs = long.MaxValue;
}
