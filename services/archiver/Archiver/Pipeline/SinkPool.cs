namespace Millrace.Archiver.Pipeline;

/// <summary>
/// What the lanes of one sink share: its memory and its writers. The policy at the memory's limit is to close every cut that can be closed and
/// to stop reading until one is stored. A sink that fails all the while is detached, so that it does not hold the others back: it takes nothing more until
/// it has stored the cut that it tries, and then everything is read again from where it stands.
/// </summary>
internal sealed class SinkPool(ISink sink, SemaphoreSlim progress) : IDisposable
{
    private readonly List<Lane> _lanes = [];
    private long _used;
    private long _stored;
    private long _storedWhenDetached;

    /// <summary>The sink.</summary>
    public ISink Sink { get; } = sink;

    /// <summary>Bounds the cuts that are written at the same time.</summary>
    public SemaphoreSlim Writers { get; } = new(sink.Options.Writers);

    /// <summary>Bytes of events that wait for the sink. Any thread may ask.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Whether the sink takes nothing for now. The reader's thread.</summary>
    public bool IsDetached { get; private set; }

    /// <summary>Whether a detached sink works again. The reader's thread.</summary>
    public bool CanResume => IsDetached && (Stored != _storedWhenDetached || !_lanes.Any(lane => lane.IsWriting));

    /// <summary>Cuts stored so far. Any thread may ask.</summary>
    public long Stored => Volatile.Read(ref _stored);

    /// <summary>How often a record found no room. The reader's thread.</summary>
    public long Refusals { get; private set; }

    /// <summary>Takes nothing more, and gives the memory back of what is not being written. The reader's thread.</summary>
    public void Detach()
    {
        _storedWhenDetached = Stored;
        IsDetached = true;
        foreach (var lane in _lanes) lane.DropOpen();
    }

    /// <summary>Notes that a cut was stored.</summary>
    public void NoteStored() => Interlocked.Increment(ref _stored);

    /// <summary>Adds a lane. The reader's thread.</summary>
    public void Add(Lane lane) => _lanes.Add(lane);

    /// <summary>Removes a lane. The reader's thread.</summary>
    public void Remove(Lane lane) => _lanes.Remove(lane);

    /// <summary>Whether so many more bytes fit; when they don't, open cuts are closed so that they soon will. The reader's thread.</summary>
    public bool MakeRoom(int bytes)
    {
        if (Fits(bytes)) return true;
        foreach (var lane in _lanes) lane.TryClose();
        return Fits(bytes);
    }

    /// <summary>Notes that a record found no room.</summary>
    public void NoteRefusal() => Refusals++;

    /// <summary>Counts bytes that were taken.</summary>
    public void Take(int bytes) => Interlocked.Add(ref _used, bytes);

    /// <summary>Counts bytes as free and wakes the reader.</summary>
    public void Free(long bytes)
    {
        Interlocked.Add(ref _used, -bytes);
        progress.Release();
    }

    /// <inheritdoc/>
    public void Dispose() => Writers.Dispose();

    // A single event always fits: otherwise one larger than the whole buffer would stop everything for ever.
    private bool Fits(int bytes) => Used is 0 || Used + bytes <= Sink.Options.BufferBytes;
}
