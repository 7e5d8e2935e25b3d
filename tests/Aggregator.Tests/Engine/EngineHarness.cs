using Google.Protobuf;
using Millrace.Aggregator.Engine;
using Millrace.Aggregator.Output;
using Millrace.Contracts;
using Millrace.Contracts.Events;
using Millrace.Contracts.Protos;
using Millrace.Ports.EventLog;

namespace Millrace.Aggregator.Tests.Engine;

/// <summary>An engine with a log of its own making in front and decoded windows behind.</summary>
internal sealed class EngineHarness : IWindowOutput
{
    /// <summary>Start of all tests: a whole minute.</summary>
    public const long Epoch = 1_800_000_000_000 / 60_000 * 60_000;

    private readonly List<LogEntry> _log = [];
    private readonly PartitionAggregator _engine;
    private readonly EngineSettings _settings;
    private int _ids;

    public EngineHarness(EngineSettings? settings = null, EngineCheckpoint? start = null, long countFrom = 0)
    {
        _settings = settings ?? new EngineSettings();
        _engine = new PartitionAggregator(_settings, new EventIdentity("epoch"), this, start ?? PartitionAggregator.BeginAt(0), countFrom);
    }

    public PartitionAggregator Engine => _engine;

    /// <summary>Everything emitted, in order.</summary>
    public List<Window> Emitted { get; } = [];

    /// <summary>The encoded forms of the same.</summary>
    public List<byte[]> Encoded { get; } = [];

    public List<long> LateOffsets { get; } = [];

    public IReadOnlyList<LogEntry> Log => _log;

    public IEnumerable<Window> Finals => Emitted.Where(w => w.Final);

    public EngineCounters Counters => _engine.Counters;

    /// <summary>Appends an event and processes it. Times are milliseconds after <see cref="Epoch"/>.</summary>
    public EngineHarness Send(
        long at, long time, string? id = null, string stream = "acme/shop", string type = "sale", double? amount = null,
        (string Name, string Value)[]? dims = null, (double Lat, double Lon)? geo = null, string source = "", string? traceParent = null)
    {
        var e = new Event { Id = id ?? $"auto-{_ids++}", Type = type, TimeMs = Epoch + time, ReceivedAtMs = Epoch + at, Source = source };
        var slash = stream.IndexOf('/', StringComparison.Ordinal);
        (e.Tenant, e.Stream) = (stream[..slash], stream[(slash + 1)..]);
        if (amount is { } value) e.Values.Add("amount", value);
        foreach (var (name, text) in dims ?? []) e.Dims.Add(name, text);
        if (geo is { } place) e.Geo = new GeoPoint { Lat = place.Lat, Lon = place.Lon };
        return Send(at, e, traceParent);
    }

    public EngineHarness Send(long at, Event e, string? traceParent = null)
    {
        var headers = traceParent is null ? null : new Dictionary<string, string> { [Headers.TraceParent] = traceParent };
        return Send(new LogEntry(_log.Count, Epoch + at, PartitionKey.Create(e.Tenant, e.Stream), e.ToByteArray(), headers));
    }

    public EngineHarness Send(LogEntry entry)
    {
        _log.Add(entry);
        _engine.Process([entry]);
        return this;
    }

    public EngineHarness AdvanceTo(long at)
    {
        _engine.AdvanceTo(Epoch + at);
        return this;
    }

    public EngineHarness Live(bool larger = true)
    {
        _engine.EmitLive(larger);
        return this;
    }

    /// <summary>The windows as a reader who keeps the highest revision sees them.</summary>
    public Dictionary<string, Window> View() => ViewOf(Emitted);

    public static Dictionary<string, Window> ViewOf(IEnumerable<Window> windows)
    {
        var view = new Dictionary<string, Window>();
        foreach (var window in windows)
        {
            var key = NameOf(window);
            if (!view.TryGetValue(key, out var known) || known.Revision <= window.Revision) view[key] = window;
        }

        return view;
    }

    public static string NameOf(Window w) =>
        $"{w.Tenant}/{w.Stream} {w.Type} [{w.Key}] {w.WindowStartMs - Epoch}+{w.WindowEndMs - w.WindowStartMs}";

    public (long Aggregated, long Late, long Duplicate) Counts(string tenant = "acme")
    {
        (long Aggregated, long Late, long Duplicate) sum = default;
        _engine.CollectCounts((name, aggregated, late, duplicate) =>
        {
            if (name == tenant) sum = (sum.Aggregated + aggregated, sum.Late + late, sum.Duplicate + duplicate);
        });
        return sum;
    }

    void IWindowOutput.Changed(in WindowChange change)
    {
        var buffer = new byte[WindowEncoder.MaxLength(in change)];
        var bytes = buffer[..WindowEncoder.Encode(in change, buffer)];
        Encoded.Add(bytes);
        Emitted.Add(Window.Parser.ParseFrom(bytes));
    }

    void IWindowOutput.Late(in LogEntry entry) => LateOffsets.Add(entry.Offset);
}
