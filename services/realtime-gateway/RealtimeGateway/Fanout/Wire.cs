using Millrace.RealtimeGateway.Centrifuge.Formats;

namespace Millrace.RealtimeGateway.Fanout;

/// <summary>
/// What goes out to a client: a form of messages, in a format, on a kind of transport. A publication is encoded once for each wire that somebody uses. Every
/// one stands in <see cref="All"/>.
/// </summary>
internal sealed class Wire
{
    private static readonly List<Wire> Known = [];

    /// <summary>One JSON document a WebSocket text frame.</summary>
    public static readonly Wire WebSocket = new("ws", MessageForm.Plain, null, Framing.TextFrame);

    /// <summary>Server-sent events, a JSON document each.</summary>
    public static readonly Wire ServerSentEvents = new("sse", MessageForm.PlainEvents, null, Framing.Bare);

    /// <summary>The Centrifuge protocol in JSON over WebSocket.</summary>
    public static readonly Wire CentrifugeJson = new("websocket", MessageForm.Replies, MessageFormat.Json, Framing.TextLines);

    /// <summary>The Centrifuge protocol in Protobuf over WebSocket.</summary>
    public static readonly Wire CentrifugeProtobuf = new("websocket", MessageForm.Replies, MessageFormat.Protobuf, Framing.BinaryFrames);

    /// <summary>The Centrifuge protocol as server-sent events.</summary>
    public static readonly Wire CentrifugeEvents = new("sse", MessageForm.Replies, MessageFormat.Json, Framing.Events);

    /// <summary>The Centrifuge protocol in JSON as the lines of one long answer.</summary>
    public static readonly Wire CentrifugeLines = new("http_stream", MessageForm.Replies, MessageFormat.Json, Framing.Lines);

    /// <summary>The Centrifuge protocol in Protobuf in one long answer.</summary>
    public static readonly Wire CentrifugeStream = new("http_stream", MessageForm.Replies, MessageFormat.Protobuf, Framing.Bare);

    /// <summary>Pushes of the Centrifuge protocol, one way, in WebSocket text frames.</summary>
    public static readonly Wire PushFrames = new("uni_websocket", MessageForm.Pushes, MessageFormat.Json, Framing.TextLines);

    /// <summary>Pushes of the Centrifuge protocol, one way, as server-sent events.</summary>
    public static readonly Wire PushEvents = new("uni_sse", MessageForm.Pushes, MessageFormat.Json, Framing.Events);

    /// <summary>Pushes of the Centrifuge protocol, one way, as lines of one long answer.</summary>
    public static readonly Wire PushLines = new("uni_http_stream", MessageForm.Pushes, MessageFormat.Json, Framing.Lines);

    /// <summary>As <see cref="WebSocket"/>, compressed.</summary>
    public static readonly Wire WebSocketDeflate = new("ws", MessageForm.Plain, null, Framing.DeflatedText);

    /// <summary>As <see cref="CentrifugeJson"/>, compressed.</summary>
    public static readonly Wire CentrifugeJsonDeflate = new("websocket", MessageForm.Replies, MessageFormat.Json, Framing.DeflatedText);

    /// <summary>As <see cref="CentrifugeProtobuf"/>, compressed.</summary>
    public static readonly Wire CentrifugeProtobufDeflate = new("websocket", MessageForm.Replies, MessageFormat.Protobuf, Framing.DeflatedBinary);

    /// <summary>As <see cref="PushFrames"/>, compressed.</summary>
    public static readonly Wire PushFramesDeflate = new("uni_websocket", MessageForm.Pushes, MessageFormat.Json, Framing.DeflatedText);

    private Wire(string name, MessageForm form, MessageFormat? format, Framing framing)
    {
        Name = name;
        Form = form;
        Format = format;
        Framing = framing;
        Index = Known.Count;
        Known.Add(this);
    }

    /// <summary>All there are, each at its <see cref="Index"/>.</summary>
    public static IReadOnlyList<Wire> All => Known;

    /// <summary>Whether messages are compressed, both ways.</summary>
    public bool IsDeflated => ReferenceEquals(Framing, Framing.DeflatedText) || ReferenceEquals(Framing, Framing.DeflatedBinary);

    /// <summary>This wire with compression.</summary>
    public Wire Deflated() => All.First(w => w.IsDeflated && w.Name == Name && w.Form == Form && w.Format == Format);

    /// <summary>Place in <see cref="All"/>.</summary>
    public int Index { get; }

    /// <summary>Name of the transport.</summary>
    public string Name { get; }

    public MessageForm Form { get; }

    /// <summary>The format of the Centrifuge protocol's messages; <see langword="null"/> for plain ones.</summary>
    public MessageFormat? Format { get; }

    public Framing Framing { get; }
}

/// <summary>What surrounds a publication.</summary>
internal enum MessageForm
{
    /// <summary><c>{"type","channel","epoch","offset","data"}</c>.</summary>
    Plain = 0,

    /// <summary>The same as a server-sent event with an id.</summary>
    PlainEvents,

    /// <summary>A push in a reply of the Centrifuge protocol.</summary>
    Replies,

    /// <summary>A push of the Centrifuge protocol by itself.</summary>
    Pushes,
}

/// <summary>How a subscriber wants its channel.</summary>
internal enum DeliveryMode
{
    /// <summary>Every publication as it comes.</summary>
    Every = 0,

    /// <summary>At most one message a second with the latest final windows.</summary>
    Aggregated = 1,
}
