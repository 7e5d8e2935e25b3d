using Millrace.RealtimeGateway.Deltas;

namespace Millrace.RealtimeGateway.Fanout;

/// <summary>One message on its way to all subscribers of a channel: the frame of each wire that somebody uses.</summary>
/// <param name="offset">Position after it, or 0 for a message outside the channel's order.</param>
/// <param name="type">Window or event type, for subscribers that filter.</param>
/// <param name="mode">Which subscribers it is for.</param>
/// <param name="timestamp">When it was published, of the time provider.</param>
internal sealed class Broadcast(long offset, string? type, DeliveryMode mode, long timestamp)
{
    private readonly Frame?[] _frames = new Frame?[Wire.All.Count];

    private readonly DeltaFrames?[] _deltas = new DeltaFrames?[3];

    public long Offset => offset;

    /// <summary>What it was tagged with, when somebody filters by that; <see langword="null"/> for what concerns everybody. Set before it is posted.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; set; }

    public string? Type => type;

    public DeliveryMode Mode => mode;

    public long Timestamp => timestamp;

    /// <summary>Says who comes and goes: only for those who want to know.</summary>
    public bool JoinLeave { get; init; }

    /// <summary>The message for those who take deltas of a kind. Set before the broadcast is posted, never after.</summary>
    public DeltaFrames? this[DeltaKind kind]
    {
        get => _deltas[(int)kind];
        set => _deltas[(int)kind] = value;
    }

    /// <summary>The frame for a subscriber. Its shard only.</summary>
    public Frame? FrameFor(Subscription subscription)
    {
        var wire = subscription.Connection.Wire;
        return subscription.Delta == DeltaKind.None || JoinLeave ? this[wire] : this[subscription.Delta]?.For(wire, subscription.Base);
    }

    /// <summary>The frame of a wire. Set before the broadcast is posted, never after.</summary>
    public Frame? this[Wire wire]
    {
        get => _frames[wire.Index];
        set => _frames[wire.Index] = value;
    }
}
