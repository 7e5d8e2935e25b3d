using Millrace.Contracts.Protos;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Sources;

namespace Millrace.RealtimeGateway.Publications;

/// <summary>A configured channel's publications as they stand on the log, without repetitions.</summary>
/// <param name="name">The channel.</param>
/// <param name="notBeforeMs">Log time before which publications may no longer be asked for.</param>
/// <param name="idempotency">Horizon of idempotency keys.</param>
internal sealed class PublicationRecords(ChannelName name, long notBeforeMs, TimeSpan idempotency) : ChannelRecords
{
    private readonly byte[] _key = PublicationRecord.KeyOf(name);
    private readonly IdempotencyWindow _window = new(int.MaxValue, idempotency);

    public override ReadOnlyMemory<byte> Key => _key;

    public override TimeSpan? Reach { get; } = idempotency;

    public override Publication? Read(in LogEntry entry)
    {
        if (!PublicationRecord.TryParse(entry.Value.Span, out var record)) return null;
        if (record.KindCase == ChannelRecord.KindOneofCase.HistoryRemoval) IsBroken = true;
        if (record.Publication is not { SkipHistory: false } publication) return null;
        if (publication.IdempotencyKey.Length > 0)
        {
            DependsOnEarlier = true;
            if (_window.Observe(PublicationRecord.IdOf(_key, publication.IdempotencyKey), entry.Offset, entry.AppendedAtMs) is not null) return null;
        }

        if (entry.AppendedAtMs < notBeforeMs) IsBroken = true;
        return PublicationRecord.ToPublication(publication, entry.Offset, entry.AppendedAtMs);
    }

    /// <summary>Takes note of a record from before what is read.</summary>
    public override void Observe(in LogEntry entry)
    {
        if (PublicationRecord.TryParse(entry.Value.Span, out var record) && record.Publication is { IdempotencyKey.Length: > 0 } publication)
            _window.Observe(PublicationRecord.IdOf(_key, publication.IdempotencyKey), entry.Offset, entry.AppendedAtMs);
    }
}
