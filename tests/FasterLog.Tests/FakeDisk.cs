using Microsoft.Win32.SafeHandles;
using Millrace.Adapters.FasterLog.Storage;

namespace Millrace.FasterLog.Tests;

/// <summary>The real disk with a fault to switch on, a count of syncs, and a gate to hold them at.</summary>
internal sealed class FakeDisk : IDiskIo
{
    private readonly DiskIo _disk = DiskIo.Instance;
    private int _syncs;

    /// <summary>Fails writes of log files while set.</summary>
    public volatile bool Full;

    /// <summary>Every write goes beyond what a file may have, while set: an error that the runtime has no I/O exception for.</summary>
    public volatile bool TooLarge;

    /// <summary>Fails syncs of log files while set.</summary>
    public volatile bool SyncFails;

    /// <summary>Syncs of log files wait here while it is not set.</summary>
    public ManualResetEventSlim Gate { get; } = new(true);

    /// <summary>Syncs of log files so far.</summary>
    public int Syncs => Volatile.Read(ref _syncs);

    /// <summary>Syncs that wait at the gate or have passed it.</summary>
    public int Arrived;

    private readonly HashSet<SafeFileHandle> _logs = [];

    public SafeFileHandle OpenBlocks(string path)
    {
        var file = _disk.OpenBlocks(path);
        lock (_logs) _logs.Add(file);
        return file;
    }

    public void Reserve(SafeFileHandle file, long offset, long length) => _disk.Reserve(file, offset, length);

    public void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        if (Full)
        {
            // As much as still fits.
            if (IsLog(file)) _disk.Write(file, bytes[..(bytes.Length / 2 / SegmentDevice.Block * SegmentDevice.Block)], offset);
            throw new IOException("No space left on device");
        }
        _disk.Write(file, bytes, TooLarge ? long.MaxValue / SegmentDevice.Block * SegmentDevice.Block : offset);
    }

    public void Sync(SafeFileHandle file)
    {
        if (IsLog(file))
        {
            Interlocked.Increment(ref Arrived);
            Gate.Wait();
            if (SyncFails) throw new IOException("Input/output error");
            Interlocked.Increment(ref _syncs);
        }
        _disk.Sync(file);
    }

    public void SyncDirectory(string path) => _disk.SyncDirectory(path);

    private bool IsLog(SafeFileHandle file)
    {
        lock (_logs) return _logs.Contains(file);
    }
}
