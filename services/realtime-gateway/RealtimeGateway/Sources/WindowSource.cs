using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Contracts.Events;
using Millrace.Hosting.Health;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Namespaces;

namespace Millrace.RealtimeGateway.Sources;

/// <summary>Feeds the <c>metrics</c> channels from <c>millrace.windows</c>.</summary>
internal sealed class WindowSource(
    IEventLog log,
    ChannelRegistry registry,
    StreamDirectory streams,
    FanoutHub hub,
    IOptions<GatewayOptions> options,
    GatewayMetrics metrics,
    TimeProvider time,
    ILogger<WindowSource> logger,
    ReadinessGate readiness)
    : TopicSource(log, registry.Windows, registry, hub, time, logger, readiness)
{
    private readonly WindowReader _reader = new(registry, streams, metrics, logger);

    public override string Name => "gateway-windows";

    protected override ValueTask<long> FindStartAsync(PartitionInfo partition, CancellationToken cancellationToken) =>
        EventLog.FindOffsetAsync(
            State.Topic, partition.Partition, (Time.GetUtcNow() - options.Value.History.Ttl).ToUnixTimeMilliseconds(), cancellationToken);

    protected override void OnReset() => _reader.Reset();

    protected override void Handle(LogBatch batch)
    {
        var nowMs = Time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (ref readonly var entry in batch.Entries) _reader.Publish(batch.Partition, entry, nowMs);
        metrics.Published(MetricsNamespace.Instance, batch.Count);
        Registry.BoundWindows();
    }
}

/// <summary>Turns records of the windows' topic into publications. Not thread-safe: one for each reader.</summary>
internal sealed class WindowReader(ChannelRegistry registry, StreamDirectory streams, GatewayMetrics metrics, ILogger logger) : IDisposable
{
    private readonly KeyMap<Channel> _channels = new();
    private readonly Windows.WindowRecord _record = new();
    private readonly JsonDocuments _documents = new();

    /// <summary>Publishes a window to whoever listens, and keeps it.</summary>
    public void Publish(int partition, in LogEntry entry, long nowMs)
    {
        if (Read(partition, entry, old: false) is not { } publication) return;
        while (true)
        {
            var channel = ChannelOf(entry.Key.Span);
            switch (channel.Publish(publication, partition, _record))
            {
                case PublishOutcome.Closed:
                    _channels.Remove(entry.Key.Span);
                    continue;
                case PublishOutcome.Stale:
                    metrics.Stale(MetricsNamespace.Instance);
                    return;
                default:
                    streams.Seen(channel.Name, entry.AppendedAtMs);
                    if (_record.NewestEventAtMs > 0) metrics.Fresh(TimeSpan.FromMilliseconds(Math.Max(0, nowMs - _record.NewestEventAtMs)), _record.Final);
                    return;
            }
        }
    }

    /// <summary>Keeps a window of before the live position, if it is still the latest that is known of it.</summary>
    public bool Keep(int partition, in LogEntry entry)
    {
        if (!PartitionKey.TrySplit(entry.Key.Span, out _, out _) || !WindowDocument.TryRead(entry.Value.Span, _record)) return false;
        var channel = ChannelOf(entry.Key.Span);
        if (channel.Read(content => ((Windows.WindowContent)content).Knows(_record))) return false;
        if (Read(partition, entry, old: true) is not { } publication) return false;
        while (true)
        {
            switch (channel.Keep(publication, partition, _record))
            {
                case PublishOutcome.Closed:
                    _channels.Remove(entry.Key.Span);
                    channel = ChannelOf(entry.Key.Span);
                    continue;
                case PublishOutcome.Stale:
                    return false;
                default:
                    streams.Seen(channel.Name, entry.AppendedAtMs);
                    return true;
            }
        }
    }

    /// <summary>Forgets which channel belongs to which key.</summary>
    public void Reset() => _channels.Clear();

    public void Dispose() => _documents.Dispose();

    private Publication? Read(int partition, in LogEntry entry, bool old)
    {
        var bytes = entry.Value.Span;
        try
        {
            if (PartitionKey.TrySplit(entry.Key.Span, out _, out _) && WindowDocument.TryRead(bytes, _record))
            {
                _record.Old = old;
                WindowDocument.Write(_documents.Begin(), bytes, _record);
                return new Publication(entry.Offset + 1, entry.AppendedAtMs, _record.Type, _documents.End());
            }
        }
        catch (ArgumentException)
        {
            // Text that is not UTF-8: counted below like every other record that is no window.
        }

        metrics.Malformed(registry.Windows.Topic);
        Log.Malformed(logger, registry.Windows.Topic, partition, entry.Offset);
        return null;
    }

    private Channel ChannelOf(ReadOnlySpan<byte> key)
    {
        if (_channels.TryGet(key, out var known)) return known!;
        PartitionKey.TrySplit(key, out var tenant, out var stream);
        var name = ChannelName.Metrics(System.Text.Encoding.UTF8.GetString(tenant), System.Text.Encoding.UTF8.GetString(stream));
        var channel = registry.Get(name);
        _channels.Set(key, channel);
        return channel;
    }
}
