using FASTER.core;
using Millrace.Adapters.FasterLog.Format;
using Millrace.Adapters.FasterLog.Storage;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog.Topics;

/// <summary>What recovery found: the log is valid between two addresses, everything else has been cut off.</summary>
internal sealed record Recovered(long Begin, long Until, long[] Next, long[] GapStart, long[] LastMs, List<IndexPoint> Points)
{
    /// <summary>Bytes cut off behind the last valid entry.</summary>
    public long CutBytes { get; init; }

    /// <summary>Whether the files are shorter than what was once durable.</summary>
    public bool Lost { get; init; }

    /// <summary>Damaged parts among the entries that were scanned.</summary>
    public IReadOnlyList<Damage> Damages { get; init; } = [];
}

/// <summary>
/// Finds the valid end of a topic's log after whatever happened: starts from the checkpoint, walks the entries behind it, verifies each one's
/// checksum, partition, offset and time, and cuts the files off behind the last that is whole. What is not whole with whole entries behind it is no
/// torn write but damage: it stays, is told, and what follows it is kept.
/// </summary>
internal sealed class Recovery
{
    // Files that may be missing in a row: past them a file is no part of this log, and to look for what stands between would take for ever.
    private const int MostMissing = 1024;

    private readonly string _directory;
    private readonly LogGeometry _geometry;
    private readonly IDiskIo _disk;
    private readonly int _spacing;
    private readonly long[] _next;
    private readonly long[] _lastMs;
    private readonly List<IndexPoint> _points;
    private readonly Checkpoint? _checkpoint;
    private FragmentChain _chain;
    private readonly List<Damage> _damages = [];
    private long _validEnd;

    private Recovery(string directory, LogGeometry geometry, IDiskIo disk, int partitions, int spacing)
    {
        _directory = directory;
        _geometry = geometry;
        _disk = disk;
        _spacing = spacing;
        _checkpoint = Checkpoint.Load(directory, partitions);
        _next = [.. _checkpoint?.Next ?? new long[partitions]];
        _lastMs = [.. _checkpoint?.LastMs ?? new long[partitions]];
        _points = _checkpoint is null ? [] : [.. _checkpoint.Points];
    }

    /// <summary>Recovers a topic's files.</summary>
    /// <param name="directory">Folder of the topic.</param>
    /// <param name="geometry">Sizes of the log.</param>
    /// <param name="disk">For cutting off.</param>
    /// <param name="minimumNext">By partition: an offset that is known to have been given out before, such as a group's commit.</param>
    /// <param name="spacing">Bytes between two index points.</param>
    /// <param name="durableLimit">Where to cut at the latest: after a failed write only this much can be trusted.</param>
    public static Recovered Run(
        string directory, LogGeometry geometry, IDiskIo disk, long[] minimumNext, int spacing, long durableLimit = long.MaxValue) =>
        new Recovery(directory, geometry, disk, minimumNext.Length, spacing).Run(minimumNext, durableLimit);

    private Recovered Run(long[] minimumNext, long durableLimit)
    {
        var files = SegmentDevice.List(_directory);
        var begin = _points.Count > 0 ? _points[0].Address : files.Count > 0 ? _geometry.FirstEntryOf(files.Keys.First()) : LogGeometry.FirstAddress;
        DeleteSegments(files, segment => segment < _geometry.SegmentOf(begin));
        RefuseStrays(files, _geometry.SegmentOf(begin));
        var physicalEnd = EndOf(files, begin);
        var end = Math.Min(physicalEnd, durableLimit);
        var known = _checkpoint?.Address ?? begin;
        var lost = known > end && durableLimit == long.MaxValue;
        var start = known <= end ? known : StepBack(end);
        if (_points.Count == 0) _points.Add(new IndexPoint(begin, [.. _next], [.. _lastMs]));

        _validEnd = Math.Max(start, begin);
        if (end > _validEnd) Scan(begin, _validEnd, end);
        _points.RemoveAll(p => p.Address > _validEnd);

        // Offsets of lost records must never be given to others: somebody may have seen them. A torn tail that nobody saw costs a harmless gap.
        var cut = durableLimit == long.MaxValue ? LastByteAbove(_validEnd, physicalEnd) - _validEnd : 0;
        var gone = cut + _damages.Sum(damage => damage.To - damage.From);
        // A group that has read further knows of records that are not there any more.
        lost |= durableLimit == long.MaxValue && minimumNext.Where((least, p) => least > _next[p]).Any();
        var gapStart = new long[_next.Length];
        for (var p = 0; p < _next.Length; p++)
        {
            gapStart[p] = _next[p];
            if (start == _checkpoint?.Address && _next[p] == _checkpoint.Next[p]) gapStart[p] = _checkpoint.GapStart[p];
            if (_checkpoint is not null && lost) _next[p] = Math.Max(_next[p], _checkpoint.Next[p]);
            if (gone > 0) _next[p] += (gone / RecordFormat.MinLength) + 1;
            _next[p] = Math.Max(_next[p], minimumNext[p]);
        }
        CutOff(files, physicalEnd);
        EnsureEnd();
        return new Recovered(begin, _validEnd, _next, gapStart, _lastMs, _points) { CutBytes = cut, Lost = lost, Damages = _damages };
    }

    /// <summary>The files end before the checkpoint: go back to the last index point behind which they hold an entry.</summary>
    private long StepBack(long end)
    {
        _points.RemoveAll(p => p.Address >= end && p != _points[0]);
        var point = _points[^1];
        for (var p = 0; p < _next.Length; p++)
        {
            _next[p] = point.Next[p];
            _lastMs[p] = point.LastMs[p];
        }
        return point.Address;
    }

    private void RefuseStrays(SortedDictionary<int, long> files, int first)
    {
        foreach (var segment in files.Keys)
        {
            if (segment - first > MostMissing)
            {
                throw new EventLogException(
                    $"{SegmentDevice.PathOf(_directory, segment)} is no file of this log: the one before it is {first}. Take it away, or restore those between.", retryable: false);
            }

            first = segment;
        }
    }

    private long EndOf(SortedDictionary<int, long> files, long begin)
    {
        if (files.Count == 0) return begin;
        // A file may be missing between others; what stands behind it is there all the same.
        var (segment, length) = files.Last();
        return Math.Max(_geometry.StartOf(segment) + Math.Min(length, _geometry.SegmentBytes), begin);
    }

    private void Scan(long begin, long from, long end)
    {
        using var device = new SegmentDevice(_directory, _disk);
        device.StartAt(_geometry.SegmentOf(begin));
        using var log = new FASTER.core.FasterLog(_geometry.Settings(device, begin, end, readOnly: true));
        log.Recover();
        ScanWhole(log, from, end);
        using var finder = new EntryFinder(_directory, _geometry, _next.Length);
        for (var at = _validEnd; at < end && finder.Next(at, end, CanFollow) is { } behind;)
        {
            var damaged = _validEnd;
            var known = _points.Count;
            var before = new IndexPoint(behind, [.. _next], [.. _lastMs]);
            _chain = default;
            ScanWhole(log, behind, end);
            at = Math.Max(_validEnd, behind);
            if (_validEnd == damaged) continue; // The beginning of a record whose end is missing.
            // The way to what follows, for readers that are to begin behind the damage.
            _points.Insert(known, before);
            _damages.Add(Damage.Describe(finder, damaged, behind, end, before.Next, _ => null));
        }
    }

    /// <summary>Walks over entries up to the first that is not whole.</summary>
    private void ScanWhole(FASTER.core.FasterLog log, long from, long end)
    {
        using var scan = new LogScan(log.Scan(from, end, recover: false, scanBufferingMode: ScanBufferingMode.SinglePageBuffering));
        try
        {
            for (var expected = from; scan.TryNext(out var entry, out var address); expected = scan.NextAddress)
            {
                var accepted = EntryLayout.Follows(_geometry, expected, address, entry.Length) && Accept(entry, address);
                scan.Release();
                if (!accepted) return;
                if (!_chain.IsOpen) _validEnd = scan.NextAddress;
            }
        }
        catch (FasterException)
        {
            // Not an entry: the log ends before it, or is damaged there.
        }
    }

    private bool CanFollow(EntryHeader header) => header.BaseOffset >= _next[header.Partition] && header.AppendedAtMs >= _lastMs[header.Partition];

    private bool Accept(ReadOnlySpan<byte> entry, long address)
    {
        if (!EntryHeader.TryRead(entry, out var header) || header.Partition >= _next.Length) return false;
        var p = header.Partition;
        if (!CanFollow(header)) return false;
        if (!_chain.IsOpen && address - _points[^1].Address >= _spacing) _points.Add(new IndexPoint(address, [.. _next], [.. _lastMs]));
        if (!_chain.Accept(header, entry)) return false;
        if (_chain.IsOpen) return true;
        _next[p] = header.BaseOffset + header.Count;
        _lastMs[p] = header.AppendedAtMs;
        return true;
    }

    private long LastByteAbove(long from, long to)
    {
        var buffer = new byte[64 * 1024];
        var last = from;
        for (var at = from; at < to;)
        {
            var segment = _geometry.SegmentOf(at);
            var within = at - _geometry.StartOf(segment);
            if (!File.Exists(SegmentDevice.PathOf(_directory, segment)))
            {
                at = _geometry.StartOf(segment + 1);
                continue;
            }

            using var file = File.OpenHandle(SegmentDevice.PathOf(_directory, segment));
            var read = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, to - at)), within);
            if (read == 0) at = _geometry.StartOf(segment + 1);
            var found = buffer.AsSpan(0, read).LastIndexOfAnyExcept((byte)0);
            if (found >= 0) last = at + found + 1;
            at += read;
        }
        return last;
    }

    private void CutOff(SortedDictionary<int, long> files, long physicalEnd)
    {
        if (_validEnd >= physicalEnd && !files.Keys.Any(s => s > _geometry.SegmentOf(physicalEnd))) return;
        var last = _geometry.SegmentOf(_validEnd);
        DeleteSegments(files, segment => segment > last);
        var path = SegmentDevice.PathOf(_directory, last);
        if (File.Exists(path))
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write);
            RandomAccess.SetLength(file, _validEnd - _geometry.StartOf(last));
            _disk.Sync(file);
        }
        _disk.SyncDirectory(_directory);
    }

    /// <summary>The log is opened at its end, whose page must be there to be read: where its file is gone, as zeros, which readers know for damage.</summary>
    private void EnsureEnd()
    {
        var last = _geometry.SegmentOf(_validEnd);
        var path = SegmentDevice.PathOf(_directory, last);
        if (_validEnd <= Math.Max(_geometry.StartOf(last), LogGeometry.FirstAddress) || File.Exists(path)) return;
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        RandomAccess.SetLength(file, _validEnd - _geometry.StartOf(last));
        _disk.Sync(file);
        _disk.SyncDirectory(_directory);
    }

    private void DeleteSegments(SortedDictionary<int, long> files, Func<int, bool> which)
    {
        foreach (var segment in files.Keys.Where(which).ToArray())
        {
            File.Delete(SegmentDevice.PathOf(_directory, segment));
            files.Remove(segment);
        }
    }
}
