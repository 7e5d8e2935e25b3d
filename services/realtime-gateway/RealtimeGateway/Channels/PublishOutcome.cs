namespace Millrace.RealtimeGateway.Channels;

/// <summary>What came of a record that was offered to a channel.</summary>
internal enum PublishOutcome
{
    /// <summary>No answer: never returned.</summary>
    Unset = 0,

    /// <summary>It is in the channel.</summary>
    Published = 1,

    /// <summary>The channel knows it, or something newer, already.</summary>
    Stale = 2,

    /// <summary>The channel has been forgotten in the meantime: offer it to a new one.</summary>
    Closed = 3,
}
