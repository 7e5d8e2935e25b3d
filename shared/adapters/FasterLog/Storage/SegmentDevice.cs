using System.Collections.Concurrent;
using System.Globalization;
using FASTER.core;
using Microsoft.Win32.SafeHandles;

namespace Millrace.Adapters.FasterLog.Storage;

/// <summary>
/// FasterLog's storage as files of one segment each. Writes are handed to the system and complete at once; <see cref="Sync"/> makes all of
/// them durable with one system call per file. That is what lets a group of appends share a single sync, however many pages it spans.
/// </summary>
internal sealed unsafe class SegmentDevice : StorageDeviceBase
{
    /// <summary>Unit of FasterLog's writes, and their alignment in memory and in the file: what direct writes need on any disk.</summary>
    public const int Block = 4096;

    private const string Prefix = "log";
    private const long ReserveBytes = 8 << 20;

    private readonly string _directory;
    private readonly IDiskIo _disk;
    private readonly Lock _gate = new();
    private readonly Lock _writing = new();
    private readonly ConcurrentDictionary<int, SafeFileHandle> _read = new();
    private readonly ConcurrentDictionary<int, SafeFileHandle> _written = new();
    private readonly HashSet<int> _unsynced = [];
    private (int Segment, long End) _reserved = (-1, 0);
    private bool _newFiles;
    private volatile Exception? _failure;

    public SegmentDevice(string directory, IDiskIo disk)
        : base(Path.Combine(directory, Prefix), Block, Devices.CAPACITY_UNSPECIFIED)
    {
        _directory = directory;
        _disk = disk;
    }

    /// <summary>The first write that failed; nothing after it is trusted.</summary>
    public Exception? Failure => _failure;

    /// <summary>Called once a write failed.</summary>
    public Action? OnFailure { get; init; }

    /// <summary>Segments on disk, by number.</summary>
    public static SortedDictionary<int, long> List(string directory)
    {
        var found = new SortedDictionary<int, long>();
        foreach (var file in new DirectoryInfo(directory).EnumerateFiles(Prefix + ".*"))
        {
            if (int.TryParse(file.Extension.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var segment))
                found[segment] = file.Length;
        }
        return found;
    }

    /// <summary>Path of a segment's file.</summary>
    public static string PathOf(string directory, int segment) => Path.Combine(directory, $"{Prefix}.{segment}");

    /// <summary>Tells the device which segment is the oldest, so that truncation does not start from nought.</summary>
    public void StartAt(int segment) => startSegment = segment;

    /// <summary>Takes no more writes. On return none is under way, so that the files can be cut and opened anew.</summary>
    public void RefuseWrites(Exception reason)
    {
        lock (_writing) _failure ??= reason;
    }

    /// <summary>Makes every completed write durable.</summary>
    public void Sync()
    {
        if (_failure is { } failure) throw new IOException("an earlier write failed: " + failure.Message, failure);
        int[] dirty;
        bool newFiles;
        lock (_gate)
        {
            dirty = [.. _unsynced];
            _unsynced.Clear();
            newFiles = _newFiles;
            _newFiles = false;
        }
        try
        {
            foreach (var segment in dirty)
            {
                if (_written.TryGetValue(segment, out var file)) _disk.Sync(file);
            }
            if (newFiles) _disk.SyncDirectory(_directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // After a failed sync the cache may claim pages to be clean that never reached the disk: this device is done.
            _failure = e;
            throw;
        }
    }

    /// <inheritdoc/>
    public override void WriteAsync(
        IntPtr sourceAddress, int segmentId, ulong destinationAddress, uint numBytesToWrite, DeviceIOCompletionCallback callback, object context)
    {
        var ok = false;
        try
        {
            lock (_writing)
            {
                if (_failure is null)
                {
                    var file = WrittenFile(segmentId);
                    Reserve(file, segmentId, (long)destinationAddress + numBytesToWrite);
                    _disk.Write(file, new ReadOnlySpan<byte>((void*)sourceAddress, (int)numBytesToWrite), (long)destinationAddress);
                    lock (_gate) _unsynced.Add(segmentId);
                    ok = true;
                }
            }
        }
#pragma warning disable CA1031 // FasterLog calls this inside its epoch protection: whatever is thrown here would leave the epoch locked for ever.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _failure = e;
        }
        callback(ok ? 0 : uint.MaxValue, ok ? numBytesToWrite : 0, context);
        if (!ok) OnFailure?.Invoke();
    }

    /// <summary>Reads bytes of a segment; what is not there are zeros.</summary>
    /// <exception cref="InvalidDataException">They can't be read.</exception>
    public void Read(int segment, long offset, Span<byte> destination)
    {
        try
        {
            ReadCore(segment, offset, destination);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            throw new InvalidDataException($"{PathOf(_directory, segment)} can't be read: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public override void ReadAsync(
        int segmentId, ulong sourceAddress, IntPtr destinationAddress, uint readLength, DeviceIOCompletionCallback callback, object context)
    {
        var ok = false;
        try
        {
            ReadCore(segmentId, (long)sourceAddress, new Span<byte>((void*)destinationAddress, (int)readLength));
            ok = true;
        }
#pragma warning disable CA1031 // As in WriteAsync; the caller learns of it by the error code.
        catch (Exception e)
#pragma warning restore CA1031
        {
            ReadFailure = e;
        }
        callback(ok ? 0 : uint.MaxValue, ok ? readLength : 0, context);
    }

    /// <summary>The latest failed read.</summary>
    public Exception? ReadFailure { get; private set; }

    /// <inheritdoc/>
    public override void RemoveSegmentAsync(int segment, AsyncCallback callback, IAsyncResult result)
    {
        lock (_gate)
        {
            _unsynced.Remove(segment);
            if (_read.TryRemove(segment, out var read)) read.Dispose();
            if (_written.TryRemove(segment, out var written)) written.Dispose();
        }
        try
        {
            File.Delete(PathOf(_directory, segment));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It goes at the next opening; the space is all that is lost until then.
            ReadFailure = e;
        }
        callback(result);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        lock (_gate)
        {
            foreach (var file in _read.Values.Concat(_written.Values)) file.Dispose();
            _read.Clear();
            _written.Clear();
        }
    }

    private void ReadCore(int segment, long offset, Span<byte> destination)
    {
        var file = ReadFile(segment);
        var done = 0;
        while (done < destination.Length)
        {
            var read = RandomAccess.Read(file, destination[done..], offset + done);
            if (read == 0) break;
            done += read;
        }

        // Past the end of the file there is nothing; the memory may still hold something else.
        destination[done..].Clear();
    }

    private void Reserve(SafeFileHandle file, int segment, long end)
    {
        lock (_gate)
        {
            if (segment < _reserved.Segment || (segment == _reserved.Segment && end <= _reserved.End)) return;
            var from = segment == _reserved.Segment ? _reserved.End : 0;
            _reserved = (segment, Math.Min(segmentSize, (end / ReserveBytes * ReserveBytes) + ReserveBytes));
            _disk.Reserve(file, from, _reserved.End - from);
        }
    }

    private SafeFileHandle WrittenFile(int segment)
    {
        if (_written.TryGetValue(segment, out var file)) return file;
        lock (_gate)
        {
            if (_written.TryGetValue(segment, out file)) return file;
            var path = PathOf(_directory, segment);
            _newFiles |= !File.Exists(path);
            return _written[segment] = _disk.OpenBlocks(path);
        }
    }

    /// <summary>Reads go through the system's cache, which the readers of a topic share.</summary>
    private SafeFileHandle ReadFile(int segment)
    {
        if (_read.TryGetValue(segment, out var file)) return file;
        lock (_gate)
        {
            if (_read.TryGetValue(segment, out file)) return file;
            return _read[segment] = File.OpenHandle(PathOf(_directory, segment), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
    }
}
