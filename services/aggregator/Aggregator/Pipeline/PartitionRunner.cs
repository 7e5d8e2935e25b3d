using Millrace.Aggregator.Engine;
using Millrace.Aggregator.Output;
using Millrace.Aggregator.Storage;
using Millrace.Hosting.Ledger;
using Millrace.Ports.EventLog;

namespace Millrace.Aggregator.Pipeline;

/// <summary>One partition: its engine, what the engine has said and is not yet appended, and its part of the ledger.</summary>
internal sealed class PartitionRunner : IWindowOutput
{
    private readonly PartitionAggregator _engine;
    private readonly WindowAppender _appender;
    private readonly long _start;
    private readonly long _readyAt;
    private readonly Dictionary<string, LedgerCounts> _totals;
    private readonly HashSet<string> _changedTenants = [];
    private OutputBatch _current;
    private OutputBatch _other;
    private Task _appending = Task.CompletedTask;
    private EngineCounters _reported;
    private (long Next, long Processed) _saved = (-1, -1);

    public PartitionRunner(PartitionStart start, EngineSettings settings, Contracts.Events.EventIdentity identity, WindowAppender appender)
    {
        Partition = start.Partition;
        NextOffset = _start = start.Checkpoint.NextOffset;
        _readyAt = start.EndOffset;
        _totals = new Dictionary<string, LedgerCounts>(start.Counted.Counts);
        _appender = appender;
        _current = new OutputBatch(Partition);
        _other = new OutputBatch(Partition);
        _engine = new PartitionAggregator(settings, identity, this, start.Checkpoint, start.CountFrom);
    }

    public int Partition { get; }

    /// <summary>First offset that has not been processed.</summary>
    public long NextOffset { get; private set; }

    /// <summary>Whether everything that stood on the log at the start has been read.</summary>
    public bool CaughtUp { get; private set; }

    public PartitionAggregator Engine => _engine;

    /// <summary>Takes a batch: records before the start are for the duplicate filter alone.</summary>
    public void Take(LogBatch batch)
    {
        var entries = batch.Entries;
        var warm = 0;
        while (warm < entries.Length && entries[warm].Offset < _start) _engine.Warm(in entries[warm++]);
        _engine.Process(entries[warm..]);
        NextOffset = Math.Max(NextOffset, batch.NextOffset);
    }

    /// <summary>Tells the engine the time.</summary>
    public void Advance(ILogConsumer consumer)
    {
        _engine.AdvanceTo(consumer.CompleteThroughMs(Partition));
        // Offsets may have gaps, so the end may never be reached to the letter.
        if (!CaughtUp) CaughtUp = NextOffset >= _readyAt || consumer.GetLag(Partition).Records == 0;
    }

    /// <summary>Appends what was said, while the engine goes on; waits only for the append before.</summary>
    public async ValueTask FlushAsync()
    {
        if (_current.Length == 0) return;
        await _appending;
        (_current, _other) = (_other, _current);
        _current.Clear();
        _appending = _appender.AppendAsync(_other);
    }

    /// <summary>Waits until everything said is durable.</summary>
    public async ValueTask SettleAsync()
    {
        await FlushAsync();
        await _appending;
    }

    /// <summary>What is to be saved, or <see langword="null"/> when nothing has changed since the last time.</summary>
    public Progress? TakeProgress()
    {
        if (_engine.TakeCheckpoint(NextOffset) is not { } checkpoint) return null;
        _engine.CollectCounts((tenant, aggregated, late, duplicates) =>
        {
            _totals[tenant] = _totals.GetValueOrDefault(tenant) + new LedgerCounts { Aggregated = aggregated, Late = late, Duplicate = duplicates };
            _changedTenants.Add(tenant);
        });
        if (_saved == (checkpoint.NextOffset, checkpoint.ProcessedOffset)) return null;
        return new Progress(Partition, checkpoint, _changedTenants.ToDictionary(tenant => tenant, tenant => _totals[tenant]));
    }

    /// <summary>Notes that progress was saved.</summary>
    public void Saved(Progress progress)
    {
        _saved = (progress.Checkpoint.NextOffset, progress.Checkpoint.ProcessedOffset);
        _changedTenants.Clear();
    }

    /// <summary>The counters as they were at the last call, and as they are.</summary>
    public (EngineCounters Before, EngineCounters After) Report()
    {
        var before = _reported;
        return (before, _reported = _engine.Counters);
    }

    void IWindowOutput.Changed(in WindowChange change) => _current.Changed(in change);

    void IWindowOutput.Late(in LogEntry entry) => _current.Late(in entry);
}
