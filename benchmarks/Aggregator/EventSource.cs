using Google.Protobuf;
using Millrace.Contracts.Events;
using Millrace.Contracts.Protos;
using Millrace.Ports.EventLog;

namespace Millrace.Benchmarks.Aggregator;

/// <summary>Log entries in memory: the usual purchase event, keys drawn evenly, event time a little behind log time.</summary>
/// <param name="keys">Series: sessions of one stream, or streams of one series each.</param>
/// <param name="eventsPerSecond">How densely log time is filled.</param>
/// <param name="manyStreams">Whether the keys are streams.</param>
internal sealed class EventSource(int keys, int eventsPerSecond, bool manyStreams)
{
    private const long Epoch = 1_800_000_000_000;

    private readonly Random _random = new(1);
    private readonly byte[][] _keys = [.. Enumerable.Range(0, manyStreams ? keys : 1).Select(i => PartitionKey.Create("acme", manyStreams ? $"shop-{i}" : "shop"))];
    private long _next;

    public LogEntry[] Take(int count)
    {
        var entries = new LogEntry[count];
        var buffer = new byte[count * 256];
        var at = 0;
        for (var i = 0; i < count; i++)
        {
            var now = Epoch + (_next * 1000 / eventsPerSecond);
            var key = _random.Next(keys);
            var e = new Event
            {
                Id = $"{_next:x12}-{_random.NextInt64():x16}",
                Stream = manyStreams ? $"shop-{key}" : "shop",
                Type = "purchase",
                TimeMs = now - _random.Next(200),
                ReceivedAtMs = now,
                Tenant = "acme",
            };
            e.Dims.Add("session", $"s-{(manyStreams ? 0 : key):d8}");
            e.Dims.Add("country", "DE");
            e.Dims.Add("device", "mobile");
            e.Dims.Add("browser", "firefox");
            e.Values.Add("amount", Math.Round(Math.Exp(_random.NextDouble() * 6), 2));
            var size = e.CalculateSize();
            e.WriteTo(buffer.AsSpan(at, size));
            entries[i] = new LogEntry(_next++, now, _keys[manyStreams ? key : 0], buffer.AsMemory(at, size), null);
            at += size;
        }

        return entries;
    }
}
