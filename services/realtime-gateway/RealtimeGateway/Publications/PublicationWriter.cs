using Google.Protobuf;
using Microsoft.Extensions.Options;
using Millrace.Contracts;
using Millrace.Contracts.Protos;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Publications;

/// <summary>Something to publish.</summary>
/// <param name="Data">JSON as <see cref="PublicationData"/> made it.</param>
internal sealed record PublishRequest(byte[] Data)
{
    /// <summary>Who publishes, when it is a client.</summary>
    public ClientInfo? Info { get; init; }

    /// <summary>Tags.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Of several with the same key in a channel only the first is published.</summary>
    public string IdempotencyKey { get; init; } = "";

    /// <summary>Only for those who listen now.</summary>
    public bool SkipHistory { get; init; }
}

/// <summary>Where a publication stands.</summary>
/// <param name="Epoch">Epoch of the offset, empty for one that is not kept.</param>
/// <param name="Offset">Position after it, 0 for one that is not kept.</param>
internal readonly record struct PublishedAt(string Epoch, long Offset);

/// <summary>Puts publications, and what else concerns every gateway, onto the log.</summary>
internal sealed class PublicationWriter(IEventLog log, ChannelRegistry registry, PublicationLedger ledger, IOptions<GatewayOptions> options, TimeProvider time)
{
    private readonly TopicState _topic = registry.Publications;

    /// <summary>Publishes into several channels at once; durable when it completes.</summary>
    /// <param name="names">Channels whose namespace takes publications.</param>
    /// <param name="request">What.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <returns>Where it stands in each of them.</returns>
    /// <exception cref="EventLogException">Nothing is promised; with an idempotency key a retry repeats nothing.</exception>
    public async Task<PublishedAt[]> PublishAsync(IReadOnlyList<ChannelName> names, PublishRequest request, CancellationToken cancellationToken)
    {
        await _topic.Ready.WaitAsync(options.Value.History.CatchUpTimeout, time, cancellationToken);
        var results = new PublishedAt[names.Count];
        var records = new List<LogRecord>(names.Count);
        var places = new List<int>(names.Count);
        for (var i = 0; i < names.Count; i++)
        {
            if (KnownPosition(names[i], request) is { } known)
            {
                results[i] = At(names[i], request, known);
                continue;
            }

            records.Add(new LogRecord(PublicationRecord.KeyOf(names[i]), Record(names[i], request).ToByteArray()));
            places.Add(i);
        }

        if (records.Count == 0) return results;
        var positions = new LogPosition[records.Count];
        await log.AppendAsync(Topics.Publications, records.ToArray(), positions, cancellationToken);
        for (var i = 0; i < positions.Length; i++)
        {
            var name = names[places[i]];
            var offset = positions[i].Offset;
            if (request.IdempotencyKey.Length > 0)
            {
                // Another gateway may have been first: whoever reads the topic tells.
                await _topic.WaitAsync(positions[i].Partition, offset + 1, options.Value.History.CatchUpTimeout, time, cancellationToken);
                offset = KnownPosition(name, request) ?? offset;
            }

            results[places[i]] = At(name, request, offset);
        }

        return results;
    }

    /// <summary>Has a channel's history forgotten, everywhere.</summary>
    /// <exception cref="EventLogException">Nothing is promised.</exception>
    public Task RemoveHistoryAsync(ChannelName name, CancellationToken cancellationToken) => AppendAsync(
        PublicationRecord.KeyOf(name), new ChannelRecord { Channel = name.Text, Tenant = name.Tenant, HistoryRemoval = new HistoryRemoval() }, cancellationToken);

    /// <summary>Puts a record onto the topic; durable when it completes.</summary>
    /// <exception cref="EventLogException">Nothing is promised.</exception>
    public async Task AppendAsync(byte[] key, ChannelRecord record, CancellationToken cancellationToken) =>
        await log.AppendAsync(Topics.Publications, new[] { new LogRecord(key, record.ToByteArray()) }, Memory<LogPosition>.Empty, cancellationToken);

    private static ChannelRecord Record(ChannelName name, PublishRequest request)
    {
        var publication = new ChannelPublication
        {
            Data = UnsafeByteOperations.UnsafeWrap(request.Data),
            Info = request.Info is { } info ? PublicationRecord.ToRecord(info) : null,
            IdempotencyKey = request.IdempotencyKey,
            SkipHistory = request.SkipHistory,
        };
        foreach (var (key, value) in request.Tags ?? new Dictionary<string, string>()) publication.Tags.Add(key, value);
        return new ChannelRecord { Channel = name.Text, Tenant = name.Tenant, Publication = publication };
    }

    private long? KnownPosition(ChannelName name, PublishRequest request)
    {
        if (request.IdempotencyKey.Length == 0) return null;
        var key = PublicationRecord.KeyOf(name);
        return ledger.Of(log.PartitionOf(key, _topic.Partitions)).Find(PublicationRecord.IdOf(key, request.IdempotencyKey));
    }

    private PublishedAt At(ChannelName name, PublishRequest request, long offset) =>
        request.SkipHistory || name.Namespace!.Limits(options.Value).Count == 0 ? default : new PublishedAt(_topic.Epoch, offset + 1);
}
