using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog.Storage;

/// <summary>
/// One opened FasterLog with its files: enqueue and commit from one writer thread, scans from any. FasterLog itself is the writer's alone: a reader inside its
/// epoch would hold up the writer's commits. After a failure it is only good for scanning what was durable; the topic opens a new one.
/// </summary>
internal sealed class LogStore : IDisposable
{
    private readonly SegmentDevice _device;
    private readonly FASTER.core.FasterLog _log;
    private readonly LogTail _tail;
    private readonly ManualResetEventSlim _progress = new(false, spinCount: 20);
    private readonly Action _onCommitted;
    private int _references = 1;
    private long _durable;

    private LogStore(string directory, LogGeometry geometry, IDiskIo disk, long begin, long until)
    {
        Geometry = geometry;
        Directory = directory;
        _onCommitted = _progress.Set;
        _device = new SegmentDevice(directory, disk) { OnFailure = _progress.Set };
        _device.StartAt(geometry.SegmentOf(begin));
        _log = new FASTER.core.FasterLog(geometry.Settings(_device, begin, until, readOnly: false));
        if (until > LogGeometry.FirstAddress) _log.Recover();
        _tail = new LogTail(until, geometry);
        _durable = until;
    }

    /// <summary>Folder of its files.</summary>
    public string Directory { get; }

    /// <summary>Its sizes.</summary>
    public LogGeometry Geometry { get; }

    /// <summary>Everything below is durable.</summary>
    public long DurableAddress => Volatile.Read(ref _durable);

    /// <summary>Where the log begins; entries below are gone.</summary>
    public long BeginAddress => _log.BeginAddress;

    /// <summary>Opens a log whose valid entries lie between two addresses.</summary>
    public static LogStore Open(string directory, LogGeometry geometry, IDiskIo disk, long begin, long until) =>
        new(directory, geometry, disk, begin, until);

    /// <summary>Puts an entry at the end, in memory. From the writer's thread only.</summary>
    /// <returns>Its address.</returns>
    public long Enqueue(ReadOnlySpan<byte> entry)
    {
        var spin = new SpinWait();
        long address;
        // Full memory drains by itself: sealed pages are written as they fill.
        while (!_log.TryEnqueue(entry, out address))
        {
            ThrowIfBroken();
            spin.SpinOnce();
        }

        _tail.Add(address, entry);
        return address;
    }

    /// <summary>Makes everything enqueued durable; readers see it after <see cref="Publish"/>. From the writer's thread only.</summary>
    /// <returns>The durable end.</returns>
    public long Commit()
    {
        _progress.Reset();
        if (!_log.CommitStrongly(out var tail, out _, callback: _onCommitted)) return DurableAddress;
        // Usually the pages have been handed to the device by now, on this thread.
        while (_log.FlushedUntilAddress < tail) AwaitProgress();
        _device.Sync();
        while (Volatile.Read(ref _log.CommittedUntilAddress) < tail) AwaitProgress();
        return tail;
    }

    /// <summary>Lets readers go up to a durable end.</summary>
    public void Publish(long durable) => Volatile.Write(ref _durable, durable);

    /// <summary>Forgets entries below an address that begins an entry, and deletes the files that hold nothing else. Writer's thread, nothing pending.</summary>
    public void TruncateUntil(long address) => _log.UnsafeShiftBeginAddress(address, truncateLog: true);

    /// <summary>A scan from an entry's address, or <see langword="null"/> when this store is closed.</summary>
    public DurableScan? TryScan(long address)
    {
        while (true)
        {
            var references = Volatile.Read(ref _references);
            if (references == 0) return null;
            if (Interlocked.CompareExchange(ref _references, references + 1, references) == references) return new DurableScan(this, address);
        }
    }

    /// <summary>Copies durable bytes of one page.</summary>
    /// <exception cref="InvalidDataException">They can't be read.</exception>
    internal void Read(long address, Span<byte> destination)
    {
        if (!_tail.TryRead(address, destination)) _device.Read(Geometry.SegmentOf(address), address - Geometry.StartOf(Geometry.SegmentOf(address)), destination);
    }

    /// <summary>From here on the store is for reading what is durable.</summary>
    public void RefuseWrites(Exception reason) => _device.RefuseWrites(reason);

    /// <inheritdoc/>
    public void Dispose() => Release();

    /// <summary>Ends a scan's or the owner's hold; the last one closes log and files.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref _references) > 0) return;
        _log.Dispose();
        _device.Dispose();
        _progress.Dispose();
    }

    private void AwaitProgress()
    {
        ThrowIfBroken();
        _progress.Wait();
        _progress.Reset();
        ThrowIfBroken();
    }

    private void ThrowIfBroken()
    {
        if (_device.Failure is { } failure)
            throw new EventLogException($"Writing to {Directory} failed: {failure.Message}", retryable: true, failure);
    }
}
