namespace Millrace.Aggregator.Engine;

internal sealed partial class PartitionAggregator
{
    private readonly PriorityQueue<StreamState, Due> _timers = new();
    private long _correctionsDueMs = long.MaxValue;
    private long _nextDueMs = long.MaxValue;

    /// <summary>
    /// The log time at which something happens to a stream that gets no more records: idleness alone carries its watermark over the next
    /// boundary, or it has nothing left and is forgotten (an unknown stream's watermark is what an idle one's would be).
    /// </summary>
    private long DueOf(StreamState stream)
    {
        var idle = stream.LastRecordMs + _settings.IdleTimeoutMs + 1;
        return stream.NextBoundaryMs == long.MaxValue
            ? idle
            : Math.Max(idle, stream.NextBoundaryMs + _settings.IdleTimeoutMs + _settings.OutOfOrdernessMs);
    }

    private void Schedule(StreamState stream)
    {
        var due = DueOf(stream);
        stream.TimerMs = due;
        _timers.Enqueue(stream, new Due(due, stream.Id));
        if (due < _nextDueMs) _nextDueMs = due;
    }

    /// <summary>Runs everything due up to a log time, each at its own time and in that order, so that steps of any size come to the same.</summary>
    private void RunDue(long logTimeMs)
    {
        while (true)
        {
            var timer = _timers.TryPeek(out var stream, out var due) ? due.AtMs : long.MaxValue;
            _nextDueMs = Math.Min(timer, _correctionsDueMs);
            if (_nextDueMs > logTimeMs) return;
            if (_correctionsDueMs <= timer)
            {
                FlushCorrections(_correctionsDueMs);
                continue;
            }

            _timers.Dequeue();
            if (stream!.TimerMs == timer) Fire(stream, timer);
        }
    }

    private void Fire(StreamState stream, long now)
    {
        // Records that came since have moved the time on; the timer follows only now, which makes them cheap.
        if (DueOf(stream) > now)
        {
            Schedule(stream);
            return;
        }

        stream.WatermarkMs = Math.Max(stream.WatermarkMs, _lateness.Idle(now));
        if (stream.WatermarkMs >= stream.NextBoundaryMs) Settle(stream, now);
        if (stream.Frames.Count > 0) Schedule(stream);
        else Forget(stream);
    }

    private void Forget(StreamState stream)
    {
        _streams.Remove(stream);
        stream.TimerMs = long.MaxValue;
        if (ReferenceEquals(_current, stream)) _current = null;
    }

    /// <summary>Does what the watermark has made due: windows become final, panes go into larger windows, frames go.</summary>
    private void Settle(StreamState stream, long now)
    {
        var gone = 0;
        foreach (var frame in stream.Frames)
        {
            // Frames are in order: nothing ends before it starts.
            if (frame.Start >= stream.WatermarkMs) break;
            SettleFrame(frame, stream.WatermarkMs, now);
            if (frame.End + _settings.AllowedLatenessMs > stream.WatermarkMs) continue;
            Release(stream, frame, now);
            gone++;
        }

        stream.Frames.RemoveRange(0, gone);
        stream.NextBoundaryMs = NextBoundary(stream);
    }

    private void SettleFrame(Frame frame, long watermark, long now)
    {
        for (var level = 0; level < frame.Levels; level++)
        {
            foreach (var window in frame.Level(level))
            {
                if (window is null || window.Final || window.End > watermark) continue;
                window.Final = true;
                for (var row = window.First; row is not null; row = row.Next) Close(window, row, now);
            }
        }

        if (frame.Levels == 1) return;
        var panes = frame.Level(0);
        for (var i = 0; i < panes.Length; i++)
        {
            if (panes[i] is not { } pane || pane.End + _settings.AllowedLatenessMs > watermark) continue;
            RollUp(pane);
            ReleaseWindow(pane, now);
            panes[i] = null;
        }
    }

    /// <summary>Hands what a pane came to, which no event can change any more, to the larger windows around it.</summary>
    private void RollUp(WindowState pane)
    {
        for (var row = pane.First; row is not null; row = row.Next)
        {
            for (var larger = row.Larger; larger is not null; larger = larger.Larger) larger.Merge(row, pane.Stream, _settings);
        }
    }

    private long NextBoundary(StreamState stream)
    {
        var next = long.MaxValue;
        foreach (var frame in stream.Frames)
        {
            if (frame.Start >= next) break;
            next = Math.Min(next, frame.End + _settings.AllowedLatenessMs);
            for (var level = 0; level < frame.Levels; level++)
            {
                foreach (var window in frame.Level(level))
                {
                    if (window is not null) next = Math.Min(next, BoundaryOf(window));
                }
            }
        }

        return next;
    }

    private long BoundaryOf(WindowState window)
    {
        if (!window.Final) return window.End;
        return window.Level == 0 ? window.End + _settings.AllowedLatenessMs : long.MaxValue;
    }

    private readonly record struct Due(long AtMs, long StreamId) : IComparable<Due>
    {
        public int CompareTo(Due other) => AtMs != other.AtMs ? AtMs.CompareTo(other.AtMs) : StreamId.CompareTo(other.StreamId);
    }
}
