using Millrace.Contracts.Events;
using Millrace.Ports.EventLog;

namespace Millrace.Aggregator.Engine;

/// <summary>
/// The windows of one partition of the event log: a pure function of its records in order. It has no clock and does no I/O; time is the log's,
/// brought by the records and by <see cref="AdvanceTo"/>, and however the records are split into batches and whenever time is advanced between
/// them, the final windows, their revisions and the verdicts on lateness come out the same. Not thread-safe.
/// </summary>
internal sealed partial class PartitionAggregator
{
    private readonly EngineSettings _settings;
    private readonly LatenessRules _lateness;
    private readonly EventIdentity _identity;
    private readonly IWindowOutput _output;
    private readonly DuplicateMemory _duplicates;
    private readonly KeyTable<StreamState> _streams = new();
    private readonly List<StreamState> _counted = [];
    private readonly SeriesKey _seriesKey = new();
    private StreamState? _current;
    private EngineCounters _counters;
    private long _streamIds;
    private long _logTimeMs;

    /// <summary>Creates the engine of a partition.</summary>
    /// <param name="settings">What results depend on besides the log.</param>
    /// <param name="identity">What makes two events the same; keyed by the topic's epoch.</param>
    /// <param name="output">Receives windows and late events during the calls that cause them.</param>
    /// <param name="start">Where to go on; see <see cref="BeginAt"/>.</param>
    /// <param name="countFrom">First offset that counts for the ledger and for the topic of late events; those before have been counted.</param>
    public PartitionAggregator(
        EngineSettings settings, EventIdentity identity, IWindowOutput output, EngineCheckpoint start, long countFrom)
    {
        _settings = settings;
        _lateness = settings.Lateness;
        _identity = identity;
        _output = output;
        _countFrom = countFrom;
        _scratch = new Row();
        _duplicates = new DuplicateMemory(settings.DuplicateCapacity, settings.DuplicateHorizon);
        Restore(start);
    }

    /// <summary>What was done so far.</summary>
    public EngineCounters Counters => _counters;

    /// <summary>Ids remembered by the duplicate filter.</summary>
    public int RememberedIds => _duplicates.Count;

    /// <summary>Streams with a record within the idle timeout or a window that is still held.</summary>
    public int Streams => _streams.Count;

    /// <summary>Log time at which something happens by itself; until then advancing time does nothing.</summary>
    public long NextDueMs => _nextDueMs;

    /// <summary>Whether an open window has changed since the last <see cref="EmitLive"/>.</summary>
    public bool HasLiveChanges => _livePanes.Count + _liveLarger.Count > 0;

    /// <summary>Feeds the duplicate filter only: a record before the start.</summary>
    public void Warm(in LogEntry entry)
    {
        if (EventView.TryParse(entry.Value.Span, out var e)) _duplicates.Observe(_identity.Of(entry.Key.Span, e.Source, e.Id), entry.Offset, entry.AppendedAtMs);
    }

    /// <summary>Takes the next records.</summary>
    public void Process(ReadOnlySpan<LogEntry> entries)
    {
        for (var i = 0; i < entries.Length; i++) Process(in entries[i]);
    }

    /// <summary>Log time has reached a point: no record with a smaller time will come. A point already passed changes nothing.</summary>
    public void AdvanceTo(long logTimeMs)
    {
        if (logTimeMs <= _logTimeMs) return;
        if (logTimeMs >= _nextDueMs) RunDue(logTimeMs);
        _logTimeMs = logTimeMs;
    }

    /// <summary>Takes the counts by tenant since the last call.</summary>
    public void CollectCounts(Action<string, long, long, long> collect)
    {
        foreach (var stream in _counted)
        {
            collect(stream.Tenant, stream.Aggregated, stream.Late, stream.Duplicates);
            stream.Aggregated = stream.Late = stream.Duplicates = 0;
            stream.Counted = false;
        }

        _counted.Clear();
    }

    private void Process(in LogEntry entry)
    {
        var bytes = entry.Value.Span;
        var key = entry.Key.Span;
        var now = entry.AppendedAtMs;
        AdvanceTo(now);
        if (!EventView.TryParse(bytes, out var e) || key.IndexOf((byte)'/') < 0)
        {
            _counters.Malformed++;
            return;
        }

        _counters.Events++;
        var counts = entry.Offset >= _countFrom;
        var stream = StreamOf(key, now, entry.Offset);
        if (counts && !stream.Counted) List(stream);
        stream.WatermarkMs = _lateness.Found(stream.WatermarkMs, stream.LastRecordMs, now);
        stream.LastRecordMs = now;
        if (_duplicates.Observe(_identity.Of(key, e.Source, e.Id), entry.Offset, now))
        {
            _counters.Duplicates++;
            if (counts) stream.Duplicates++;
            return;
        }

        if (_lateness.IsLate(e.TimeMs, stream.WatermarkMs))
        {
            _counters.Late++;
            if (!counts) return;
            stream.Late++;
            _output.Late(in entry);
            return;
        }

        if (counts) stream.Aggregated++;
        Fold(stream, in e, in entry, Floor(e.TimeMs, _settings.PaneMs));
        var watermark = _lateness.After(stream.WatermarkMs, e.TimeMs, now);
        if (watermark <= stream.WatermarkMs) return;
        stream.WatermarkMs = watermark;
        if (watermark >= stream.NextBoundaryMs) Settle(stream, now);
    }

    private StreamState StreamOf(ReadOnlySpan<byte> key, long now, long offset)
    {
        if (_current is { } current && key.SequenceEqual(current.Key)) return current;
        var hash = KeyTable<StreamState>.HashOf(key);
        if (!_streams.TryGet(key, hash, out var stream)) stream = AddStream(key, hash, now, _lateness.Idle(now), offset);
        return _current = stream;
    }

    private StreamState AddStream(ReadOnlySpan<byte> key, ulong hash, long lastRecordMs, long watermarkMs, long offset)
    {
        var stream = new StreamState(key, hash, _streamIds++, _settings) { LastRecordMs = lastRecordMs, WatermarkMs = watermarkMs };
        stream.SealedMs = SealedOf(stream, offset);
        _streams.Add(stream);
        Schedule(stream);
        return stream;
    }

    private void List(StreamState stream)
    {
        stream.Counted = true;
        _counted.Add(stream);
    }

    private static long Floor(long timeMs, long size)
    {
        var rest = timeMs % size;
        return rest < 0 ? timeMs - rest - size : timeMs - rest;
    }
}
