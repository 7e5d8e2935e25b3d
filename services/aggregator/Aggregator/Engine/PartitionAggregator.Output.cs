namespace Millrace.Aggregator.Engine;

internal sealed partial class PartitionAggregator
{
    private const int PooledFrames = 4_096;

    private readonly RowPool _rows = new();
    private readonly Stack<Frame> _frames = new();
    private readonly Stack<WindowState> _windows = new();
    private readonly Row _scratch;
    private readonly List<Row> _livePanes = [];
    private readonly List<Row> _liveLarger = [];
    private readonly List<Row> _corrections = [];

    /// <summary>Windows held, each series on its own.</summary>
    public int OpenWindows => _rows.Rented;

    /// <summary>
    /// Emits the windows that are not final and have changed since they were last emitted. Whether and when it is called has no effect on anything else.
    /// </summary>
    /// <param name="larger">Whether windows of the larger sizes, which cost a merge each, are emitted too.</param>
    public void EmitLive(bool larger)
    {
        DrainLive(_livePanes, emit: true);
        if (larger) DrainLive(_liveLarger, emit: true);
    }

    /// <summary>Forgets what changed: for when live windows are not wanted.</summary>
    public void SkipLive()
    {
        DrainLive(_livePanes, emit: false);
        DrainLive(_liveLarger, emit: false);
    }

    private void DrainLive(List<Row> rows, bool emit)
    {
        foreach (var row in rows)
        {
            row.InLive = false;
            if (row.Window is not { } window)
            {
                if (!row.InCorrections) _rows.Return(row);
                continue;
            }

            // A window that has become final since then was emitted as such, and its corrections have their own list.
            if (window.Final || !row.Touched) continue;
            row.Touched = false;
            if (!emit) continue;
            _counters.LiveWindows++;
            Emit(window, row, updatedAtMs: null);
        }

        rows.Clear();
    }

    /// <summary>Notes that a row has something new to say.</summary>
    private void Note(Row row, long now)
    {
        var window = row.Window!;
        row.Touched = true;
        if (window.Final)
        {
            if (row.InCorrections) return;
            row.InCorrections = true;
            _corrections.Add(row);
            if (_correctionsDueMs != long.MaxValue) return;
            // Gathering over log time, not over batches, keeps the sequence of revisions a function of the log.
            _correctionsDueMs = Floor(now, _settings.CorrectionIntervalMs) + _settings.CorrectionIntervalMs;
            _nextDueMs = Math.Min(_nextDueMs, _correctionsDueMs);
        }
        else if (!row.InLive)
        {
            row.InLive = true;
            (window.Level == 0 ? _livePanes : _liveLarger).Add(row);
        }
    }

    private void FlushCorrections(long now)
    {
        _correctionsDueMs = long.MaxValue;
        foreach (var row in _corrections)
        {
            row.InCorrections = false;
            if (row.Window is { } window)
            {
                if (row.Touched) Correct(window, row, now);
            }
            else if (!row.InLive)
            {
                _rows.Return(row);
            }
        }

        _corrections.Clear();
    }

    private void Close(WindowState window, Row row, long now)
    {
        _counters.FinalWindows++;
        row.Touched = false;
        Emit(window, row, now);
    }

    private void Correct(WindowState window, Row row, long now)
    {
        _counters.Corrections++;
        row.Touched = false;
        Emit(window, row, now);
    }

    private void Emit(WindowState window, Row row, long? updatedAtMs)
    {
        var content = window.Level == 0 ? row : ContentOf(window, row);
        _output.Changed(new WindowChange(window.Stream, row.Series!, content)
        {
            StartMs = window.Start,
            EndMs = window.End,
            Final = window.Final,
            UpdatedAtMs = updatedAtMs ?? content.NewestMs,
        });
    }

    /// <summary>What a larger window is made of: the panes already gone, and those still held, in order.</summary>
    private Row ContentOf(WindowState window, Row row)
    {
        _scratch.Reset();
        _scratch.Merge(row, window.Stream, _settings);
        var panes = window.Frame.Level(0);
        var end = window.Frame.PositionOf(0, window.End - 1);
        for (var i = window.Frame.PositionOf(0, window.Start); i <= end; i++)
        {
            if (panes[i]?.Find(row.Series!) is { } pane) _scratch.Merge(pane, window.Stream, _settings);
        }

        return _scratch;
    }
}
