using Millrace.Contracts.Hashing;

namespace Millrace.Contracts.Events;

/// <summary>
/// What makes two events the same: tenant, stream, <c>source</c> and <c>id</c>. The stream belongs to it because a stream, and so its
/// duplicate filter, lives in one partition.
/// </summary>
/// <param name="epoch">Epoch of the events topic: keys the hash, and is the same for every reader of the topic.</param>
public sealed class EventIdentity(string epoch)
{
    private readonly SipHash128 _hash = SipHash128.KeyedBy(epoch);

    /// <summary>The identity of an event on the log.</summary>
    /// <param name="key">The record's key (<see cref="PartitionKey"/>).</param>
    /// <param name="source">The event's source, may be empty.</param>
    /// <param name="id">The event's id.</param>
    public UInt128 Of(ReadOnlySpan<byte> key, ReadOnlySpan<byte> source, ReadOnlySpan<byte> id) => _hash.Hash(key, source, id);
}
