namespace Millrace.RealtimeGateway.Fanout;

/// <summary>Formats in which publications go out. Each is encoded once a publication.</summary>
internal enum Wire
{
    /// <summary>Replies of the Centrifuge protocol in JSON, in WebSocket text frames.</summary>
    Centrifuge = 0,

    /// <summary>One JSON document a WebSocket text frame.</summary>
    WebSocket = 1,

    /// <summary>Server-sent events.</summary>
    ServerSentEvents = 2,
}

/// <summary>How a subscriber wants its channel.</summary>
internal enum DeliveryMode
{
    /// <summary>Every publication as it comes.</summary>
    Every = 0,

    /// <summary>At most one message a second with the latest final windows.</summary>
    Aggregated = 1,
}
