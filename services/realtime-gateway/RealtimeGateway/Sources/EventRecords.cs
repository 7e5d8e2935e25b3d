using Millrace.Contracts.Events;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Sources;

/// <summary>A stream's events as they stand on the log.</summary>
internal sealed class EventRecords(ChannelName name) : ChannelRecords
{
    private readonly byte[] _key = PartitionKey.Create(name.Owner, name.Rest);
    private readonly JsonDocuments _documents = new();

    public override ReadOnlyMemory<byte> Key => _key;

    public override Publication? Read(in LogEntry entry) => EventFeed.Transcode(_documents, entry, null, out _);

    public override void Dispose()
    {
        _documents.Dispose();
        base.Dispose();
    }
}
