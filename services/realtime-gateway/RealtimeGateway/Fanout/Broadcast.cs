namespace Millrace.RealtimeGateway.Fanout;

/// <summary>One message on its way to all subscribers of a channel: the frame of each wire that somebody uses.</summary>
/// <param name="offset">Position after it, or 0 for a message outside the channel's order.</param>
/// <param name="type">Window or event type, for subscribers that filter.</param>
/// <param name="mode">Which subscribers it is for.</param>
/// <param name="timestamp">When it was published, of the time provider.</param>
internal sealed class Broadcast(long offset, string? type, DeliveryMode mode, long timestamp)
{
    private readonly Frame?[] _frames = new Frame?[Wire.All.Count];

    public long Offset => offset;

    public string? Type => type;

    public DeliveryMode Mode => mode;

    public long Timestamp => timestamp;

    /// <summary>Says who comes and goes: only for those who want to know.</summary>
    public bool JoinLeave { get; init; }

    /// <summary>The frame of a wire. Set before the broadcast is posted, never after.</summary>
    public Frame? this[Wire wire]
    {
        get => _frames[wire.Index];
        set => _frames[wire.Index] = value;
    }
}
