using Google.Protobuf;

namespace Millrace.Aggregator.Engine;

// A checkpoint names an offset q from which reading again rebuilds every window that is held, and the watermarks there, so that the verdicts on
// lateness come out as they did. Watermarks can't be had for an offset of the past, so marks are taken as time goes on, and the checkpoint uses the
// newest mark that is not past the first event of the oldest frame. Only streams that are not idle at a mark need to be written down: an idle
// stream's watermark follows from log time.
internal sealed partial class PartitionAggregator
{
    private const int MaxMarks = 64;

    private readonly long _countFrom;
    private readonly List<Mark> _marks = [];
    private Dictionary<string, long>? _sealed;
    private long _replayUntil = long.MinValue;
    private long _sealedIdleMs;

    /// <summary>Streams that the next checkpoint would name: what it costs.</summary>
    public int MarkedStreams => _marks[^1].Streams.Length;

    /// <summary>A first start, with nothing known of what was before an offset.</summary>
    public static EngineCheckpoint BeginAt(long offset) => new() { NextOffset = offset, ProcessedOffset = offset };

    /// <summary>
    /// A checkpoint after everything up to an offset was processed, or <see langword="null"/> while a replay has not come back to the point
    /// at which the last one was taken.
    /// </summary>
    /// <param name="nextOffset">First offset that has not been processed.</param>
    public EngineCheckpoint? TakeCheckpoint(long nextOffset)
    {
        if (nextOffset < _replayUntil) return null;
        if (_marks[^1].Offset < nextOffset || _marks[^1].LogTimeMs < _logTimeMs) AddMark(nextOffset);
        var limit = _oldestFrame?.FirstOffset ?? nextOffset;
        var use = _marks.FindLastIndex(mark => mark.Offset <= limit);
        // There is always one: a frame's first event is never before the offset at which this engine started.
        _marks.RemoveRange(0, use);
        var (from, to) = (_marks[0], _marks[^1]);
        var checkpoint = new EngineCheckpoint
        {
            NextOffset = from.Offset,
            LogTimeMs = from.LogTimeMs,
            ProcessedOffset = to.Offset,
            ProcessedLogTimeMs = to.LogTimeMs,
        };
        if (from.WarmFrom is { } warmFrom) checkpoint.WarmFrom = warmFrom;
        checkpoint.Streams.AddRange(from.Streams);
        checkpoint.ProcessedStreams.AddRange(to.Streams);
        return checkpoint;
    }

    private void AddMark(long offset)
    {
        // Every second one but the ends goes: the replay may begin a little earlier, and memory stays bounded.
        if (_marks.Count >= MaxMarks)
        {
            var kept = _marks.Where((_, i) => i % 2 == 0 || i == _marks.Count - 1).ToList();
            _marks.Clear();
            _marks.AddRange(kept);
        }

        var streams = new List<StreamMark>();
        foreach (var stream in _streams.Entries)
        {
            if (_lateness.IsIdle(stream.LastRecordMs, _logTimeMs)) continue;
            streams.Add(new StreamMark
            {
                Key = UnsafeByteOperations.UnsafeWrap(stream.KeyMemory),
                WatermarkMs = stream.WatermarkMs,
                LastRecordMs = stream.LastRecordMs,
            });
        }

        _marks.Add(new Mark(offset, _logTimeMs, _duplicates.WarmFrom, [.. streams]));
    }

    private void Restore(EngineCheckpoint start)
    {
        _logTimeMs = start.LogTimeMs;
        _replayUntil = start.ProcessedOffset;
        _sealedIdleMs = _lateness.Idle(start.ProcessedLogTimeMs);
        _sealed = start.ProcessedStreams.ToDictionary(mark => mark.Key.ToStringUtf8(), mark => mark.WatermarkMs, StringComparer.Ordinal);
        foreach (var mark in start.Streams)
        {
            var key = mark.Key.Span;
            AddStream(key, KeyTable<StreamState>.HashOf(key), mark.LastRecordMs, mark.WatermarkMs, start.NextOffset);
        }

        _marks.Add(new Mark(start.NextOffset, start.LogTimeMs, start.HasWarmFrom ? start.WarmFrom : null, [.. start.Streams]));
    }

    /// <summary>
    /// The watermark that a stream had reached when the checkpoint was taken. Windows that were over by then are complete on the topic, and a
    /// replay that may begin in the middle of them must not tell a lesser story.
    /// </summary>
    private long SealedOf(StreamState stream, long offset)
    {
        if (offset < _replayUntil) return _sealed!.TryGetValue($"{stream.Tenant}/{stream.Name}", out var watermark) ? watermark : _sealedIdleMs;
        _sealed = null;
        return long.MinValue;
    }

    private sealed record Mark(long Offset, long LogTimeMs, long? WarmFrom, StreamMark[] Streams);
}
