using System.Diagnostics.Metrics;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Namespaces;

namespace Millrace.RealtimeGateway;

/// <summary>What the gateway counts: meter <c>Millrace.Gateway</c>. Labels are bounded: transports, kinds, codes.</summary>
internal sealed class GatewayMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _messagesOut;
    private readonly Counter<long> _bytesOut;
    private readonly Counter<long> _deliveries;
    private readonly Counter<long> _deliveredBytes;
    private readonly Counter<long> _conflations;
    private readonly Counter<long> _leftOut;
    private readonly Counter<long> _disconnects;
    private readonly Counter<long> _recoveries;
    private readonly Counter<long> _published;
    private readonly Counter<long> _stale;
    private readonly Counter<long> _malformed;
    private readonly Counter<long> _sampled;
    private readonly Counter<long> _windowsEvicted;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _commands;
    private readonly UpDownCounter<long> _connections;
    private readonly UpDownCounter<long> _subscriptions;
    private readonly Histogram<double> _publishToWrite;
    private readonly Histogram<double> _freshness;
    private long _highWater;

    public GatewayMetrics(IMeterFactory factory)
    {
        _meter = factory.Create("Millrace.Gateway");
        _messagesOut = _meter.CreateCounter<long>("millrace.gateway.messages.out", "{message}", "Messages handed to the network, by transport and format.");
        _bytesOut = _meter.CreateCounter<long>("millrace.gateway.bytes.out", "By", "Bytes handed to the network, by transport and format.");
        _deliveries = _meter.CreateCounter<long>("millrace.gateway.deliveries", "{message}", "Connections that publications were queued for, by kind of channel.");
        _deliveredBytes = _meter.CreateCounter<long>("millrace.gateway.deliveries.bytes", "By", "Bytes of publications queued for connections, by kind of channel.");
        _conflations = _meter.CreateCounter<long>("millrace.gateway.conflations", "{subscription}", "Subscriptions whose client read too slowly and gets the latest state instead, by kind of channel.");
        _leftOut = _meter.CreateCounter<long>("millrace.gateway.publications.left_out", "{publication}", "Publications that clients that read too slowly did not get, where the policy is drop-oldest, by kind of channel.");
        _disconnects = _meter.CreateCounter<long>("millrace.gateway.disconnects", "{connection}", "Connections that ended, by transport and code.");
        _recoveries = _meter.CreateCounter<long>("millrace.gateway.recoveries", "{subscription}", "Subscriptions that asked for what they missed, by kind of channel and outcome.");
        _published = _meter.CreateCounter<long>("millrace.gateway.publications", "{publication}", "Records that became publications, by kind of channel.");
        _stale = _meter.CreateCounter<long>("millrace.gateway.publications.stale", "{record}", "Records dropped because a newer revision was known, by kind of channel.");
        _malformed = _meter.CreateCounter<long>("millrace.gateway.records.malformed", "{record}", "Records that could not be read, by topic.");
        _sampled = _meter.CreateCounter<long>("millrace.gateway.events.sampled_out", "{event}", "Events left out of a feed because it was faster than its limit.");
        _windowsEvicted = _meter.CreateCounter<long>("millrace.gateway.windows.evicted", "{window}", "Windows that can no longer be asked for, by reason.");
        _refused = _meter.CreateCounter<long>("millrace.gateway.connections.refused", "{connection}", "Connections refused before they began, by reason.");
        _commands = _meter.CreateCounter<long>("millrace.gateway.commands", "{command}", "Commands of clients, by method and error code (0: none).");
        _connections = _meter.CreateUpDownCounter<long>("millrace.gateway.connections", "{connection}", "Open connections, by transport.");
        _subscriptions = _meter.CreateUpDownCounter<long>("millrace.gateway.subscriptions", "{subscription}", "Subscriptions, by kind of channel.");
        _publishToWrite = _meter.CreateHistogram<double>(
            "millrace.gateway.publish_to_write", "s", "Time from a publication to the last write of it in a group of connections.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] });
        _freshness = _meter.CreateHistogram<double>(
            "millrace.gateway.freshness", "s", "Age of a window's newest event when the window is published, by kind: live, or final, which waits for late events.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 2.5, 5, 10, 30] });
        _meter.CreateObservableGauge("millrace.gateway.tenant.connections", () => ByTenant(usage => usage.Connections), "{connection}", "Open connections, by tenant.");
        _meter.CreateObservableCounter("millrace.gateway.tenant.messages.out", () => ByTenant(usage => usage.Messages), "{message}", "Messages handed to the network, by tenant.");
        _meter.CreateObservableCounter("millrace.gateway.tenant.bytes.out", () => ByTenant(usage => usage.Bytes), "By", "Bytes handed to the network, by tenant.");
        _meter.CreateObservableGauge("millrace.gateway.queue.high_water", () => Interlocked.Exchange(ref _highWater, 0), "By", "Largest queue of a client since the last look.");
    }

    /// <summary>What each tenant uses.</summary>
    public TenantUsages Tenants { get; } = new();

    /// <summary>The meter, for gauges of others.</summary>
    public Meter Meter => _meter;

    public void Connected(string transport) => _connections.Add(1, Tag("transport", transport));

    public void Disconnected(string transport, int code)
    {
        _connections.Add(-1, Tag("transport", transport));
        _disconnects.Add(1, Tag("transport", transport), Tag("code", code));
    }

    public void Refused(string reason) => _refused.Add(1, Tag("reason", reason));

    public void Command(string method, int error) => _commands.Add(1, Tag("method", method), Tag("error", error));

    public void Subscribed(ChannelNamespace kind, int by) => _subscriptions.Add(by, Tag("kind", kind.Name));

    public void Recovered(ChannelNamespace kind, bool recovered) => _recoveries.Add(1, Tag("kind", kind.Name), Tag("outcome", recovered ? "recovered" : "snapshot"));

    public void Published(ChannelNamespace kind, long count) => _published.Add(count, Tag("kind", kind.Name));

    public void Stale(ChannelNamespace kind) => _stale.Add(1, Tag("kind", kind.Name));

    public void Malformed(string topic) => _malformed.Add(1, Tag("topic", topic));

    public void SampledOut() => _sampled.Add(1);

    public void WindowsEvicted(int count, string reason) => _windowsEvicted.Add(count, Tag("reason", reason));

    public void Conflated(ChannelNamespace kind) => _conflations.Add(1, Tag("kind", kind.Name));

    public void LeftOut(ChannelNamespace kind, int count) => _leftOut.Add(count, Tag("kind", kind.Name));

    /// <summary>Counts the connections that a publication was queued for.</summary>
    public void Delivered(ChannelNamespace kind, int connections, long bytes)
    {
        _deliveries.Add(connections, Tag("kind", kind.Name));
        _deliveredBytes.Add(bytes, Tag("kind", kind.Name));
    }

    public void Fresh(TimeSpan age, bool final) => _freshness.Record(age.TotalSeconds, new KeyValuePair<string, object?>("kind", final ? "final" : "live"));

    public void Written(TimeSpan since) => _publishToWrite.Record(since.TotalSeconds);

    /// <summary>Counts what flushes sent over a wire.</summary>
    public void Sent(Wire wire, long messages, long bytes)
    {
        if (bytes == 0) return;
        _messagesOut.Add(messages, Tag("transport", wire.Name), Tag("format", wire.Format?.Name ?? "plain"));
        _bytesOut.Add(bytes, Tag("transport", wire.Name), Tag("format", wire.Format?.Name ?? "plain"));
    }

    /// <summary>Notes how much waited for a client.</summary>
    public void Queued(long queueBytes)
    {
        var known = Volatile.Read(ref _highWater);
        while (queueBytes > known)
        {
            var seen = Interlocked.CompareExchange(ref _highWater, queueBytes, known);
            if (seen == known) break;
            known = seen;
        }
    }

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<long>> ByTenant(Func<TenantUsage, long> what) => Tenants.All.Select(usage => new Measurement<long>(what(usage), Tag("tenant", usage.Tenant)));

    private static KeyValuePair<string, object?> Tag(string name, object value) => new(name, value);
}
