using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Channels;

/// <summary>What a subscriber says it has seen.</summary>
/// <param name="Wanted">Whether it wants what it missed since.</param>
/// <param name="Epoch">Epoch of its position.</param>
/// <param name="Offset">Its position.</param>
internal readonly record struct RecoveryRequest(bool Wanted, string Epoch, long Offset)
{
    /// <summary>What was read from the log for it, where the history does not reach back far enough.</summary>
    public ReadBack? Read { get; init; }
}

/// <summary>Everything of a channel between a client's position and another.</summary>
/// <param name="Publications">Ascending.</param>
/// <param name="UpTo">The other position.</param>
internal sealed record ReadBack(IReadOnlyList<Publication> Publications, long UpTo);

/// <summary>What a history lacks.</summary>
/// <param name="Partition">Where the channel's records stand.</param>
/// <param name="From">Position of the client.</param>
/// <param name="To">Position at which the history begins.</param>
/// <param name="Kept">The history, which may have gone on by the time that the rest has been read.</param>
/// <param name="UpTo">Position of the history's end.</param>
internal sealed record HistoryGap(int Partition, long From, long To, IReadOnlyList<Publication> Kept, long UpTo);

/// <summary>How a subscription begins.</summary>
internal sealed class SubscribeOutcome
{
    public required string Epoch { get; init; }

    /// <summary>Position of the channel at that moment.</summary>
    public required long Offset { get; init; }

    /// <summary>Whether <see cref="Missed"/> is exactly what the client missed.</summary>
    public bool Recovered { get; init; }

    /// <summary>What it missed, ascending; empty unless recovered.</summary>
    public IReadOnlyList<Publication> Missed { get; init; } = [];

    /// <summary>Document of the snapshot, unless recovered, or of a kind that has none.</summary>
    public byte[]? Snapshot { get; init; }
}

/// <summary>Makes the message that must go out before the channel's next one. Called under the channel's lock.</summary>
internal delegate Frame? SubscribeReply(Channel channel, SubscribeOutcome outcome);

/// <summary>A page of history.</summary>
/// <param name="Epoch">Epoch of the offsets.</param>
/// <param name="Offset">Position of the channel.</param>
/// <param name="Publications">The page.</param>
internal sealed record HistoryPage(string Epoch, long Offset, IReadOnlyList<Publication> Publications);
