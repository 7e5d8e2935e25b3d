using Millrace.Contracts.Hashing;

namespace Millrace.Ingest.Inbound;

/// <summary>A partition of an inbound topic that this instance reads.</summary>
/// <param name="topic">The topic.</param>
/// <param name="epoch">Its epoch.</param>
/// <param name="number">The partition.</param>
internal sealed class InboundPartition(InboundTopicOptions topic, string epoch, int number)
{
    /// <summary>The topic.</summary>
    public InboundTopicOptions Topic { get; } = topic;

    /// <summary>Keys the hashes that ids follow from.</summary>
    public SipHash128 Ids { get; } = SipHash128.KeyedBy(epoch);

    /// <summary>The partition.</summary>
    public int Number { get; } = number;

    /// <summary>Origins of dead letters that stand on the log already; <see langword="null"/> where it has to be looked up.</summary>
    public HashSet<string>? Published { get; set; }
}
