using Millrace.Aggregator.Engine;
using Millrace.Contracts.Protos;
using Millrace.Ports.EventLog;
using Xunit;

namespace Millrace.Aggregator.Tests.Engine;

/// <summary>The same semantics told as plainly as possible: no pooling, no timers, no forgetting, no panes.</summary>
internal sealed class Oracle
{
    private readonly Dictionary<string, (long Watermark, long LastRecord)> _streams = [];
    private readonly Dictionary<string, List<(long Offset, long LogTime)>> _seen = [];

    private readonly HashSet<LogEntry> _lateEntries = [];

    public Dictionary<string, List<(Event Event, long Offset)>> Windows { get; } = [];

    public List<long> Late { get; } = [];

    public Dictionary<string, (long Aggregated, long Late, long Duplicate)> Counts { get; } = [];

    public static Oracle Of(IEnumerable<LogEntry> log, EngineSettings settings)
    {
        var oracle = new Oracle();
        foreach (var entry in log) oracle.Take(entry, settings);
        return oracle;
    }

    /// <summary>Every window of the highest revisions is exactly what the events say.</summary>
    public void AssertMatches(Dictionary<string, Window> view)
    {
        Assert.Equal(Windows.Keys.Order(), view.Keys.Order());
        foreach (var (name, events) in Windows) AssertMatches(events, view[name]);
    }

    /// <summary>Origins of the late events, for logs of several partitions.</summary>
    public HashSet<string> LateOrigins(IEnumerable<(int Partition, LogEntry Entry)> log) =>
        [.. log.Where(e => _lateEntries.Contains(e.Entry)).Select(e => $"{e.Partition}:{e.Entry.Offset}")];

    private static void AssertMatches(List<(Event Event, long Offset)> events, Window window)
    {
        Assert.Equal((2 * events.Count) + 1, window.Revision);
        Assert.Equal(events.Count, (long)window.Count);
        var values = events.SelectMany(e => e.Event.Values.Select(v => (v.Key, v.Value, e.Event.TimeMs, e.Offset))).GroupBy(v => v.Key).ToList();
        Assert.Equal(values.Select(v => v.Key).Order(), window.Values.Select(v => v.Name).Order());
        foreach (var expected in values)
        {
            var actual = window.Values.Single(v => v.Name == expected.Key);
            var numbers = expected.Select(v => v.Value).Order().ToArray();
            Assert.Equal(numbers.Length, (long)actual.Count);
            Assert.Equal(numbers.Sum(), actual.Sum, 1e-6);
            Assert.Equal((numbers[0], numbers[^1]), (actual.Min, actual.Max));
            Assert.Equal(expected.OrderBy(v => v.TimeMs).ThenBy(v => v.Offset).Last().Value, actual.Last);
            Assert.InRange(Math.Abs(numbers[(int)(0.95 * (numbers.Length - 1))] - actual.P95), 0, Math.Abs(actual.P95) * 0.0102);
        }

        var sources = events.Where(e => e.Event.Source.Length > 0).Select(e => e.Event.Source).Distinct().Count();
        Assert.InRange((long)window.DistinctSources, sources - 2, sources + 2);
        var cells = events.Where(e => e.Event.Geo is not null).GroupBy(e => Cell(e.Event.Geo)).ToDictionary(g => g.Key, g => (ulong)g.Count());
        Assert.Equal(cells.OrderBy(c => c.Key), window.GeoCells.ToDictionary(c => c.Geohash, c => c.Count).OrderBy(c => c.Key));
    }

    private void Take(LogEntry entry, EngineSettings settings)
    {
        var stream = System.Text.Encoding.UTF8.GetString(entry.Key.Span);
        var e = Event.Parser.ParseFrom(entry.Value.Span);
        var now = entry.AppendedAtMs;
        var idle = now - settings.IdleTimeoutMs - settings.OutOfOrdernessMs;
        if (!_streams.TryGetValue(stream, out var state)) state = (idle, now);
        else if (now - state.LastRecord > settings.IdleTimeoutMs) state.Watermark = Math.Max(state.Watermark, idle);
        state.LastRecord = now;
        _streams[stream] = state;

        var counts = Counts.GetValueOrDefault(e.Tenant);
        var seen = _seen.TryGetValue($"{stream}|{e.Source}|{e.Id}", out var known) ? known : _seen[$"{stream}|{e.Source}|{e.Id}"] = [];
        var duplicate = seen.Any(s => s.LogTime >= now - (long)settings.DuplicateHorizon.TotalMilliseconds);
        seen.Add((entry.Offset, now));
        var start = (long)Math.Floor(e.TimeMs / (double)settings.PaneMs) * settings.PaneMs;
        if (duplicate)
        {
            counts.Duplicate++;
        }
        else if (start + settings.PaneMs + settings.AllowedLatenessMs <= state.Watermark)
        {
            counts.Late++;
            Late.Add(entry.Offset);
            _lateEntries.Add(entry);
        }
        else
        {
            counts.Aggregated++;
            Fold(e, entry.Offset, settings);
            _streams[stream] = (Math.Max(state.Watermark, Math.Min(e.TimeMs, now) - settings.OutOfOrdernessMs), now);
        }

        Counts[e.Tenant] = counts;
    }

    private void Fold(Event e, long offset, EngineSettings settings)
    {
        var groupBy = settings.ForStream(e.Stream).GroupBy.Select(System.Text.Encoding.UTF8.GetString);
        var key = string.Join(',', groupBy.Select(name => $"{name}={(e.Dims.TryGetValue(name, out var value) ? value : "")}"));
        foreach (var size in settings.SizesMs)
        {
            var start = (long)Math.Floor(e.TimeMs / (double)size) * size;
            var name = $"{e.Tenant}/{e.Stream} {e.Type} [{key}] {start - EngineHarness.Epoch}+{size}";
            (Windows.TryGetValue(name, out var events) ? events : Windows[name] = []).Add((e, offset));
        }
    }

    private static string Cell(GeoPoint geo)
    {
        var text = new byte[4];
        Geohash.Format(Geohash.Encode(geo.Lat, geo.Lon, 4), text);
        return System.Text.Encoding.ASCII.GetString(text);
    }
}
