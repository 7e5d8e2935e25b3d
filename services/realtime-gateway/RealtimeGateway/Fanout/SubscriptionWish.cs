using Millrace.RealtimeGateway.Centrifuge.Commands;

namespace Millrace.RealtimeGateway.Fanout;

/// <summary>What a subscriber wants of its channel, and how.</summary>
/// <param name="Mode">Every publication, or the latest once a second.</param>
/// <param name="Type">Only this window or event type; <see langword="null"/> for all.</param>
/// <param name="Delta">How what is like the message before is sent.</param>
/// <param name="Filter">Only publications whose tags match; <see langword="null"/> for all.</param>
internal readonly record struct SubscriptionWish(DeliveryMode Mode, string? Type = null, DeltaKind Delta = DeltaKind.None, TagFilter? Filter = null)
{
    /// <summary>Whether it wants to be told who comes and goes, where the namespace tells.</summary>
    public bool JoinLeave { get; init; }

    /// <summary>Document about the client in this channel, as JSON, if any.</summary>
    public byte[]? ChanInfo { get; init; }
}
