using Millrace.Adapters.FasterLog.Groups;
using Millrace.Adapters.FasterLog.Storage;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog.Topics;

/// <summary>The part of a topic that its writer's thread drives: room, commits, failures, retention, the saved index.</summary>
internal sealed partial class Topic
{
    /// <summary>After a failed write the topic is not tried again before this, so that a full disk does not turn into a busy loop.</summary>
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    private EventLogException? _broken;
    private long _brokenSince;
    private long _checkpointAddress;

    /// <summary>Makes sure that a group of appends can be tried.</summary>
    /// <exception cref="EventLogException">The disk failed a moment ago, or the topic is full.</exception>
    public void EnsureWritable(long bytes)
    {
        if (_broken is not null) Reopen();
        if (Used + bytes <= _settings.MaxBytes) return;
        Retain(_settings.MaxBytes - bytes - _geometry.SegmentBytes);
        if (Used + bytes <= _settings.MaxBytes) return;
        _context.Metrics.Refused(Name);
        throw new EventLogException(
            $"{Name} is full: {Used} of {_settings.MaxBytes} bytes are kept for {SlowestGroup()}. Appends succeed again once it has moved on.", retryable: true);
    }

    /// <summary>A group of appends is durable and its callers know: now the readers, and what can wait.</summary>
    public void AfterCommit(int records, long bytes, TimeSpan elapsed) => Guard(() =>
    {
        foreach (var consumer in _consumers) consumer.Wake();
        _context.Metrics.Committed(Name, records, bytes, elapsed);
        if (_store.DurableAddress - _checkpointAddress >= _context.Options.CheckpointBytes) SaveCheckpoint();
    });

    /// <summary>A group of appends failed: nothing after the last commit counts, and the files are opened anew before the next is tried.</summary>
    public void WriteFailed(Exception failure)
    {
        if (_broken is null)
        {
            Log.WriteFailed(_context.Logger, Name, failure);
            // What is durable stays readable.
            _store.RefuseWrites(failure);
        }
        _brokenSince = Time.GetTimestamp();
        Volatile.Write(ref _broken, AppendFailure(failure));
        Index.CutAt(_store.DurableAddress);
        foreach (var partition in Partitions) partition.AbandonWrite();
    }

    /// <summary>What a caller is told.</summary>
    public EventLogException AppendFailure(Exception failure) => failure is EventLogException known
        ? new EventLogException(known.Message, known.Retryable, known.InnerException)
        : new EventLogException($"Appending to {Name} failed, nothing of the call is certain: {failure.Message}", retryable: true, failure);

    /// <summary>Runs retention, forgets dead groups, saves the index, and tries a failed disk again.</summary>
    public void Maintain() => Guard(() =>
    {
        if (_broken is not null) Reopen();
        ExpireGroups();
        Retain(_settings.MaxBytes - _geometry.SegmentBytes);
        if (_store.DurableAddress != _checkpointAddress) SaveCheckpoint();
    });

    private long Used => _store.DurableAddress - _geometry.StartOf(_geometry.SegmentOf(_store.BeginAddress));

    private void Reopen()
    {
        if (Time.GetElapsedTime(_brokenSince) < _pause) throw AppendFailure(_broken!);
        var old = _store;
        try
        {
            _store = Recover(old.DurableAddress);
            old.Dispose();
            Volatile.Write(ref _broken, null);
            Log.Reopened(_context.Logger, Name);
            foreach (var consumer in _consumers) consumer.Wake();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FASTER.core.FasterException)
        {
            _brokenSince = Time.GetTimestamp();
            throw AppendFailure(e);
        }
    }

    private LogStore Recover(long durableLimit)
    {
        var least = Partitions.Select((partition, p) => Math.Max(partition.DurableNext, GroupMaximum(p))).ToArray();
        var found = Recovery.Run(_directory, _geometry, _context.Disk, least, _context.Options.IndexBytes, durableLimit);
        if (found.CutBytes > 0) Log.TailCut(_context.Logger, Name, found.CutBytes, found.Until);
        if (found.Lost) Log.RecordsLost(_context.Logger, Name, found.Until);
        foreach (var damage in found.Damages) Meet(damage);
        for (var p = 0; p < Partitions.Length; p++)
            Partitions[p].Restore(found.Next[p], found.GapStart[p], found.Points[0].Next[p], found.LastMs[p]);
        Index.Reset(found.Points);
        var store = LogStore.Open(_directory, _geometry, _context.Disk, found.Begin, found.Until);
        Batch.Reset(store);
        if (found.CutBytes > 0 || found.Lost || found.Damages.Count > 0) SaveGaps(store);
        return store;
    }

    /// <summary>Offsets that were lost must stay lost at the next opening too.</summary>
    private void SaveGaps(LogStore store)
    {
        try
        {
            SaveCheckpoint(store);
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    private void Retain(long maxBytes)
    {
        var (next, lastMs) = Batch.State;
        var end = new IndexPoint(_store.DurableAddress, [.. next], [.. lastMs]);
        var olderThan = Time.GetUtcNow().ToUnixTimeMilliseconds() - (long)_settings.MaxAge.TotalMilliseconds;
        var begin = Retention.Choose([.. Index.Snapshot(), end], _geometry, maxBytes, olderThan, Holds());
        if (begin is null) return;
        Index.BeginAt(begin);
        // Saved first: once files are gone, the beginning must be known without them.
        SaveCheckpoint();
        _store.TruncateUntil(begin.Address);
        for (var p = 0; p < Partitions.Length; p++) Partitions[p].DropBefore(begin.Next[p]);
    }

    private void SaveCheckpoint() => SaveCheckpoint(_store);

    private void SaveCheckpoint(LogStore store)
    {
        var address = store.DurableAddress;
        var points = Index.Snapshot();
        new Checkpoint(
            address, [.. Partitions.Select(p => p.DurableNext)], [.. Partitions.Select(p => p.TrailingGapStart)], [.. Partitions.Select(p => p.LastMs)],
            [.. points.Where((p, i) => i == 0 || p.Address < address)]).Save(_context.Disk, _directory);
        _checkpointAddress = address;
    }

    private List<long[]> Holds()
    {
        lock (_gate) return [.. _groups.Values.Select(g => g.Holds())];
    }

    private long GroupMaximum(int partition)
    {
        lock (_gate) return _groups.Values.Select(g => g.Committed(partition) ?? 0).DefaultIfEmpty().Max();
    }

    private string SlowestGroup()
    {
        lock (_gate)
        {
            var slowest = _groups.Values.Where(g => Enumerable.Range(0, Partitions.Length).Any(p => g.Holds()[p] < Partitions[p].DurableNext))
                .MaxBy(g => Partitions.Select((p, i) => p.DurableNext - g.Holds()[i]).Sum());
            return slowest is null ? "its limit alone" : $"group '{slowest.Name}'";
        }
    }

    private void ExpireGroups()
    {
        var before = Time.GetUtcNow().ToUnixTimeMilliseconds() - (long)_context.Options.GroupExpiry.TotalMilliseconds;
        lock (_gate)
        {
            foreach (var group in _groups.Values.Where(g => !g.IsOpen && g.UpdatedMs < before).ToArray())
            {
                _groups.Remove(group.Name);
                group.Dispose();
                File.Delete(GroupFile.PathOf(GroupDirectory, group.Name));
                Log.GroupExpired(_context.Logger, group.Name, Name);
            }
        }
    }

    /// <summary>For work whose failure must not stop the writer: it is tried again at the next occasion.</summary>
    private void Guard(Action work)
    {
        try
        {
            work();
        }
#pragma warning disable CA1031 // It runs on the writer's thread, whose end would be the process's; a broken metrics listener is not worth that.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.MaintenanceFailed(_context.Logger, Name, e);
        }
    }
}
