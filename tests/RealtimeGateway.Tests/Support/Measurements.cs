using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Millrace.RealtimeGateway.Tests.Support;

/// <summary>What one gateway of the process counts.</summary>
internal sealed class Measurements : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _sums = new();
    private readonly ConcurrentDictionary<string, long> _largest = new();

    public Measurements(GatewayServer server)
    {
        var meter = server.Get<GatewayMetrics>().Meter;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, meter)) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            _sums.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value);
            foreach (var tag in tags) _sums.AddOrUpdate($"{instrument.Name} {tag.Key}={tag.Value}", value, (_, sum) => sum + value);
            _largest.AddOrUpdate(instrument.Name, value, (_, known) => Math.Max(known, value));
        });
        _listener.Start();
    }

    public long Sum(string name) => _sums.GetValueOrDefault("millrace.gateway." + name);

    public long Largest(string name)
    {
        _listener.RecordObservableInstruments();
        return _largest.GetValueOrDefault("millrace.gateway." + name);
    }

    public void Dispose() => _listener.Dispose();
}
