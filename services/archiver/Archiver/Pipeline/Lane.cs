using Millrace.Archiver.Progress;
using Millrace.Contracts.Events;
using Millrace.Ports.EventLog;

namespace Millrace.Archiver.Pipeline;

/// <summary>
/// One sink in one partition: the cut that the reader fills and the one that is being written. Everything but <see cref="Saved"/> and
/// <see cref="OldestLogTimeMs"/> belongs to the reader's thread.
/// </summary>
internal sealed class Lane : IAsyncDisposable
{
    private readonly SinkPool _pool;
    private readonly LaneWriter _writer;
    private readonly DuplicateMemory _memory;
    private readonly LatenessTracker _lateness;
    private Cut? _open;
    private Cut? _closed;
    private long _openedAt;
    private Task _writing = Task.CompletedTask;
    private PendingCut? _redo;

    /// <summary>Makes a lane that goes on where the sink stopped.</summary>
    /// <param name="pool">The sink and its memory.</param>
    /// <param name="writer">Writes closed cuts.</param>
    /// <param name="memory">The partition's duplicate filter.</param>
    /// <param name="lateness">The partition's watermarks.</param>
    /// <param name="start">Offset of the first record to take.</param>
    /// <param name="pending">A cut that was begun and must be redone as it was.</param>
    public Lane(SinkPool pool, LaneWriter writer, DuplicateMemory memory, LatenessTracker lateness, long start, PendingCut? pending)
    {
        _pool = pool;
        _writer = writer;
        _memory = memory;
        _lateness = lateness;
        _redo = pending;
        Next = start;
        pool.Add(this);
    }

    /// <summary>Name of the sink.</summary>
    public string Sink => _pool.Sink.Name;

    /// <summary>Offset of the first record that this lane has not taken.</summary>
    public long Next { get; private set; }

    /// <summary>Offset up to which everything is in the sink and noted as such. Any thread may ask.</summary>
    public long? Saved => _writer.Saved;

    /// <summary>Log time of the oldest record that waits here, if any does. Any thread may ask.</summary>
    public long? OldestLogTimeMs => (Volatile.Read(ref _closed) ?? Volatile.Read(ref _open))?.FirstLogTimeMs;

    /// <summary>Whether another instance has taken the lane over: nothing more comes of it here.</summary>
    public bool IsLost => _writing.IsFaulted && _writing.Exception.InnerException is LaneLostException;

    /// <summary>Whether a cut is being written, or tried again and again.</summary>
    public bool IsWriting => !_writing.IsCompleted;

    /// <summary>Whether the record is new to this sink, and the sink takes any.</summary>
    public bool Wants(long offset) => offset >= Next && !_pool.IsDetached;

    /// <summary>
    /// Makes room for a record, closing the open cut where that is needed. <see langword="false"/>: the writer is busy, come again.
    /// </summary>
    public bool MakeRoom(in LogEntry entry)
    {
        if (TryMakeRoom(entry)) return true;
        _pool.NoteRefusal();
        return false;
    }

    /// <summary>Takes a record for which there is room.</summary>
    /// <param name="entry">The record.</param>
    /// <param name="view">Its event, not read when <paramref name="keep"/> is <see langword="false"/>.</param>
    /// <param name="keep">Whether the event goes into the sink; otherwise the range only moves over it.</param>
    /// <param name="late">Whether the event is late.</param>
    /// <param name="now">Timestamp of the clock.</param>
    public void Take(in LogEntry entry, in EventView view, bool keep, bool late, long now)
    {
        var open = _open;
        if (open is null)
        {
            open = _pool.Sink.Open(_writer.Id.Partition);
            _openedAt = now;
        }

        open.Cover(entry);
        if (keep)
        {
            open.Add(view, entry, late);
            _pool.Take(entry.Value.Length);
        }

        Volatile.Write(ref _open, open);
        Next = entry.Offset + 1;
    }

    /// <summary>Hands the open cut to the writer when it is due and the writer is free.</summary>
    public void CloseIfDue(TimeProvider time)
    {
        ThrowIfFailed();
        if (_open is { } open && (_redo is { } redo ? open.Last >= redo.Last : IsFull(open, 0) || DueIn(time) <= TimeSpan.Zero)) TryClose();
    }

    /// <summary>Time until the open cut is due by its age; <see langword="null"/> when there is none.</summary>
    public TimeSpan? DueIn(TimeProvider time) =>
        _open is { } open && _redo is null ? _pool.Sink.AgeOf(open) - time.GetElapsedTime(_openedAt) : null;

    /// <summary>Throws what ended the writer, if anything but the lane's loss did.</summary>
    public void ThrowIfFailed()
    {
        if (!IsLost && (_writing.IsFaulted || _writing.IsCanceled)) _writing.GetAwaiter().GetResult();
    }

    /// <summary>
    /// Closes the open cut. <see langword="false"/>: there is none, the writer is busy, or a cut that is redone is not complete yet.
    /// </summary>
    public bool TryClose()
    {
        if (_open is not { First: { } first } open || !_writing.IsCompleted) return false;
        ThrowIfFailed();
        if (IsLost) return false;
        var redo = _redo;
        if (redo is not null)
        {
            if (open.Last < redo.Last) return false;
            if (first != redo.First || open.Last != redo.Last)
                throw new InvalidOperationException(
                    $"{_writer.Id}: the cut {redo.First}-{redo.Last} was begun, but the log holds {first}-{open.Last} in its place.");
            _redo = null;
        }

        open.WarmFrom = _memory.WarmFrom;
        open.Watermarks = _lateness.Save();
        Volatile.Write(ref _closed, open);
        Volatile.Write(ref _open, null);
        _writing = Task.Run(() => WriteAsync(open, redo));
        return true;
    }

    /// <summary>Forgets what has been read and not yet handed to the writer.</summary>
    public void DropOpen()
    {
        if (_open is { } open) Free(open);
        Volatile.Write(ref _open, null);
    }

    /// <summary>Ends when the cut that is being written is stored, or could not be.</summary>
    public Task SettledAsync() => _writing.ContinueWith(static _ => { }, TaskScheduler.Default);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _writer.CancelAsync();
        await SettledAsync();
        _writer.Dispose();
        _pool.Remove(this);
        DropOpen();
    }

    private bool TryMakeRoom(in LogEntry entry)
    {
        if (_redo is { } redo)
        {
            // A redone cut is as large as it was, whatever the limits are now.
            if (entry.Offset <= redo.Last) return true;
            if (!TryClose()) return false;
        }
        else if (_open is { } open && IsFull(open, entry.Value.Length) && !TryClose())
        {
            return false;
        }

        return _pool.MakeRoom(entry.Value.Length);
    }

    private bool IsFull(Cut cut, int more) =>
        cut.Rows >= _pool.Sink.Options.MaxRows || (cut.Rows > 0 && cut.Bytes + more >= _pool.Sink.Options.MaxBytes);

    private async Task WriteAsync(Cut cut, PendingCut? redo)
    {
        try
        {
            await _writer.WriteAsync(cut, redo);
            _pool.NoteStored();
        }
        finally
        {
            Volatile.Write(ref _closed, null);
            Free(cut);
        }
    }

    private void Free(Cut cut)
    {
        var bytes = cut.Bytes;
        cut.Dispose();
        _pool.Free(bytes);
    }
}
