using Google.Protobuf;
using Millrace.Contracts.Protos;
using Millrace.Ports.EventLog;

namespace Millrace.Aggregator.Tests.Engine;

/// <summary>A seeded log of one partition with everything that makes event time hard.</summary>
internal static class Workload
{
    private static readonly string[] _streams = ["acme/shop", "acme/sensors", "beta/shop", "beta/x"];
    private static readonly string[] _countries = ["DE", "FR", "JP", "BR"];

    public static List<LogEntry> Make(int seed, int count)
    {
        var random = new Random(seed);
        var log = new List<LogEntry>(count);
        var ids = new List<(string Stream, string Id)>();
        var (now, offset) = (EngineHarness.Epoch, 0L);
        for (var i = 0; i < count; i++)
        {
            // Mostly a busy log, sometimes a pause that lets streams fall idle or be forgotten.
            now += random.Next(40) == 0 ? random.Next(5_000) : random.Next(400) == 0 ? random.Next(40_000) : random.Next(20);
            offset += random.Next(10) == 0 ? random.Next(1, 4) : 1;
            var stream = _streams[random.Next(10) switch { < 6 => 0, < 8 => 1, 8 => 2, _ => 3 }];
            var id = $"id-{i}";
            if (ids.Count > 0 && random.Next(25) == 0) (stream, id) = ids[^random.Next(1, Math.Min(ids.Count, 200) + 1)];
            ids.Add((stream, id));
            log.Add(new LogEntry(offset, now, System.Text.Encoding.UTF8.GetBytes(stream), Event(random, stream, id, now).ToByteArray(), null));
        }

        return log;
    }

    /// <summary>A stream, id and event to append at a log time; sometimes a repetition.</summary>
    public static (string Stream, Event Event) Next(Random random, List<(string Stream, string Id)> ids, long now)
    {
        var (stream, id) = (_streams[random.Next(_streams.Length)], $"id-{ids.Count}");
        if (ids.Count > 0 && random.Next(25) == 0) (stream, id) = ids[^random.Next(1, Math.Min(ids.Count, 200) + 1)];
        ids.Add((stream, id));
        return (stream, Event(random, stream, id, now));
    }

    private static Event Event(Random random, string stream, string id, long now)
    {
        var e = new Event
        {
            Id = id,
            Tenant = stream.Split('/')[0],
            Stream = stream.Split('/')[1],
            Type = random.Next(4) == 0 ? "view" : "sale",
            TimeMs = now - Delay(random),
            ReceivedAtMs = now,
            Source = random.Next(3) == 0 ? "" : $"device-{random.Next(40)}",
        };
        if (random.Next(5) > 0) e.Dims.Add("country", _countries[random.Next(_countries.Length)]);
        if (random.Next(3) > 0) e.Values.Add("amount", Math.Round(Math.Exp(random.NextDouble() * 6), 2));
        if (random.Next(6) == 0) e.Values.Add("tax", -random.Next(100));
        if (random.Next(4) == 0) e.Geo = new GeoPoint { Lat = random.Next(-80, 80), Lon = random.Next(-170, 170) };
        return e;
    }

    private static long Delay(Random random) => random.Next(100) switch
    {
        < 70 => random.Next(300),
        < 85 => random.Next(3_000),
        < 93 => random.Next(12_000),
        < 96 => random.Next(40_000),
        < 98 => 3_600_000,
        _ => -random.Next(60_000),
    };
}
