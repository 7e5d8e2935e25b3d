namespace Millrace.Archiver.Pipeline;

/// <summary>
/// What the lanes of one sink share: its memory and its writers. The policy at the memory's limit is to close every cut that can be closed and
/// to stop reading until one is stored.
/// </summary>
internal sealed class SinkPool(ISink sink, SemaphoreSlim progress) : IDisposable
{
    private readonly List<Lane> _lanes = [];
    private long _used;

    /// <summary>The sink.</summary>
    public ISink Sink { get; } = sink;

    /// <summary>Bounds the cuts that are written at the same time.</summary>
    public SemaphoreSlim Writers { get; } = new(sink.Options.Writers);

    /// <summary>Bytes of events that wait for the sink. Any thread may ask.</summary>
    public long Used => Volatile.Read(ref _used);

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
