using Millrace.Contracts.Events;
using Millrace.Ports.EventLog;

namespace Millrace.Aggregator.Engine;

internal sealed partial class PartitionAggregator
{
    // Types whose further series are counted together under their own name; beyond, the type is __other__ too.
    private const int OtherTypes = 100;

    private Frame? _oldestFrame;
    private Frame? _youngestFrame;

    private void Fold(StreamState stream, ref readonly EventView e, in LogEntry entry, long start)
    {
        var frameStart = Floor(start, _settings.FrameMs);
        if (frameStart + _settings.FrameMs + _settings.AllowedLatenessMs <= stream.SealedMs) return;
        var frame = stream.Current is { } current && current.Start == frameStart ? current : FrameAt(stream, frameStart, entry.Offset);
        var position = frame.PositionOf(0, start);
        var pane = frame.Level(0)[position] ?? AddWindow(stream, frame, 0, position);
        _seriesKey.Build(in e, entry.Value.Span, stream.Settings.GroupBy);
        var row = RowOf(stream, pane, e.Type);
        string? traceParent = null;
        entry.Headers?.TryGetValue(Contracts.Headers.TraceParent, out traceParent);
        _counters.ValuesLeftOut += row.Fold(in e, entry.AppendedAtMs, traceParent, stream, _settings);
        for (var touched = row; touched is not null; touched = touched.Larger)
        {
            if (!touched.Touched) Note(touched, entry.AppendedAtMs);
        }
    }

    private Row RowOf(StreamState stream, WindowState pane, ReadOnlySpan<byte> type)
    {
        var hash = KeyTable<Series>.HashOf(_seriesKey.Bytes);
        if (stream.Series.TryGet(_seriesKey.Bytes, hash, out var series) && pane.Find(series) is { } row) return row;
        if (series is null || !IsAdmitted(pane.Frame, series))
        {
            if (pane.Frame.OwnSeries < stream.Settings.SeriesLimit)
            {
                series ??= stream.AddSeries(_seriesKey.Bytes, hash);
                pane.Frame.OwnSeries++;
                Admit(pane.Frame, series);
            }
            else
            {
                _counters.FoldedToOther++;
                series = OtherOf(stream, pane.Frame, type);
            }
        }

        return pane.Find(series) ?? AddRow(pane, series);
    }

    private Series OtherOf(StreamState stream, Frame frame, ReadOnlySpan<byte> type)
    {
        _seriesKey.BuildOther(type);
        var hash = KeyTable<Series>.HashOf(_seriesKey.Bytes);
        if (stream.Series.TryGet(_seriesKey.Bytes, hash, out var series) && IsAdmitted(frame, series)) return series;
        if (frame.OtherSeries >= OtherTypes)
        {
            _seriesKey.BuildOther();
            hash = KeyTable<Series>.HashOf(_seriesKey.Bytes);
            if (stream.Series.TryGet(_seriesKey.Bytes, hash, out series) && IsAdmitted(frame, series)) return series;
        }

        series ??= stream.AddSeries(_seriesKey.Bytes, hash);
        frame.OtherSeries++;
        Admit(frame, series);
        return series;
    }

    // The largest window of a frame holds a row of every series admitted, so it tells.
    private static bool IsAdmitted(Frame frame, Series series) => frame.Level(frame.Levels - 1)[0]?.Find(series) is not null;

    private static void Admit(Frame frame, Series series)
    {
        series.Frames++;
        frame.Admitted.Add(series);
    }

    private Row AddRow(WindowState pane, Series series)
    {
        var row = _rows.Rent();
        pane.Add(row, series);
        var smaller = row;
        for (var level = 1; level < pane.Frame.Levels; level++)
        {
            var position = pane.Frame.PositionOf(level, pane.Start);
            var window = pane.Frame.Level(level)[position] ?? AddWindow(pane.Stream, pane.Frame, level, position);
            var larger = window.Find(series);
            if (larger is null) window.Add(larger = _rows.Rent(), series);
            smaller.Larger = larger;
            smaller = larger;
        }

        return row;
    }

    private Frame FrameAt(StreamState stream, long start, long offset)
    {
        var frames = stream.Frames;
        var (low, high) = (0, frames.Count);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (frames[middle].Start < start) low = middle + 1;
            else high = middle;
        }

        if (low == frames.Count || frames[low].Start != start) frames.Insert(low, AddFrame(stream, start, offset));
        return stream.Current = frames[low];
    }

    private Frame AddFrame(StreamState stream, long start, long offset)
    {
        var frame = _frames.TryPop(out var pooled) ? pooled : new Frame(_settings.SizesMs);
        frame.Begin(start, offset);
        frame.Older = _youngestFrame;
        if (_youngestFrame is null) _oldestFrame = frame;
        else _youngestFrame.Younger = frame;
        _youngestFrame = frame;
        Expect(stream, frame.End + _settings.AllowedLatenessMs);
        return frame;
    }

    private WindowState AddWindow(StreamState stream, Frame frame, int level, int position)
    {
        var window = _windows.TryPop(out var pooled) ? pooled : new WindowState();
        window.Begin(stream, frame, level, frame.Start + (position * frame.SizeOf(level)), frame.SizeOf(level));
        frame.Level(level)[position] = window;
        Expect(stream, BoundaryOf(window));
        return window;
    }

    private void Expect(StreamState stream, long boundary)
    {
        if (boundary >= stream.NextBoundaryMs) return;
        stream.NextBoundaryMs = boundary;
        if (DueOf(stream) < stream.TimerMs) Schedule(stream);
    }

    private void Release(StreamState stream, Frame frame, long now)
    {
        for (var level = 0; level < frame.Levels; level++)
        {
            var windows = frame.Level(level);
            for (var i = 0; i < windows.Length; i++)
            {
                if (windows[i] is { } window) ReleaseWindow(window, now);
                windows[i] = null;
            }
        }

        foreach (var series in frame.Admitted)
        {
            if (--series.Frames == 0) stream.RemoveSeries(series);
        }

        frame.Admitted.Clear();
        if (ReferenceEquals(stream.Current, frame)) stream.Current = null;
        if (frame.Older is null) _oldestFrame = frame.Younger;
        else frame.Older.Younger = frame.Younger;
        if (frame.Younger is null) _youngestFrame = frame.Older;
        else frame.Younger.Older = frame.Older;
        frame.Older = frame.Younger = null;
        if (_frames.Count < PooledFrames) _frames.Push(frame);
    }

    private void ReleaseWindow(WindowState window, long now)
    {
        for (var row = window.First; row is not null;)
        {
            var next = row.Next;
            // A correction that is still being gathered goes out before its window goes.
            if (row.Touched) Correct(window, row, now);
            row.Window = null;
            if (!row.InLive && !row.InCorrections) _rows.Return(row);
            row = next;
        }

        window.Clear();
        if (_windows.Count < PooledFrames) _windows.Push(window);
    }
}
