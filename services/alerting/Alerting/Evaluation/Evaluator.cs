using Millrace.Alerting.Rules;
using Millrace.Alerting.Storage;
using Millrace.Contracts.Events;
using Millrace.Contracts.Protos;
using Millrace.Ports.EventLog;

namespace Millrace.Alerting.Evaluation;

/// <summary>
/// Evaluates rules on the final windows of the partitions that it is given, in the order of the log. What comes of it waits in
/// <see cref="Transitions"/> and in the series until it is saved. For one thread.
/// </summary>
/// <param name="options">Settings.</param>
/// <param name="metrics">What is counted.</param>
/// <param name="partitionOf">Partition of <c>millrace.windows</c> that holds a key.</param>
internal sealed class Evaluator(AlertingOptions options, AlertingMetrics metrics, Func<ReadOnlyMemory<byte>, int> partitionOf)
{
    private readonly Dictionary<byte[], WatchedStream> _streams = new(KeyComparer.Instance);
    private readonly Dictionary<int, PartitionWatch> _partitions = [];
    private readonly Dictionary<(string Tenant, string RuleId), Rule> _rules = [];
    private readonly List<WatchedSeries> _removed = [];

    /// <summary>Changes of alerts that are not saved yet, oldest first.</summary>
    public List<AlertTransition> Transitions { get; } = [];

    /// <summary>Partitions that were taken up.</summary>
    public IReadOnlyCollection<PartitionWatch> Partitions => _partitions.Values;

    /// <summary>Takes new definitions of rules: alerts of those that are gone or now watch something else are closed.</summary>
    public void SetRules(IReadOnlyList<Rule> rules)
    {
        _rules.Clear();
        foreach (var rule in rules) _rules[(rule.Tenant, rule.Id)] = rule;
        foreach (var stream in _streams.Values)
        {
            stream.Rules.Clear();
            foreach (var series in stream.Series.ToList())
            {
                if (ClosingReason(series.Rule) is { } reason) Remove(stream, series, reason);
                else series.Rule = _rules[(series.Rule.Tenant, series.Rule.Id)];
            }
        }
        foreach (var rule in rules.Where(rule => rule.Active)) Stream(rule).Rules.Add(rule);
        foreach (var (key, stream) in _streams.ToList())
        {
            if (stream.Rules.Count == 0) _streams.Remove(key);
        }
    }

    /// <summary>Partition of the stream that a rule watches.</summary>
    public int PartitionOf(Rule rule) => partitionOf(PartitionKey.Create(rule.Tenant, rule.Stream));

    /// <summary>Takes up a partition with the series that were saved with its position.</summary>
    /// <param name="saved">What was saved; series as <see cref="WatchedSeries.Restore"/> got them.</param>
    /// <param name="nowMs">Log time of the start.</param>
    public void Assign(SavedPartition saved, long nowMs)
    {
        var graceMs = (long)options.RestartGrace.TotalMilliseconds;
        Revoke(saved.Partition);
        _partitions[saved.Partition] = new PartitionWatch(saved.Partition, saved.NextOffset, saved.Generation, nowMs, nowMs + graceMs);
        foreach (var (series, watched) in saved.Series)
        {
            var reason = ClosingReason(series.Rule) ?? (watched == series.Rule.Watches ? null : Reasons.RuleChanged);
            if (reason is not null)
            {
                series.Close(reason, Transitions);
                _removed.Add(series);
                continue;
            }
            Stream(series.Rule).Add(series);
        }
    }

    /// <summary>Forgets a partition and what of it is not saved: another instance has it now, and comes to the same results.</summary>
    public void Revoke(int partition)
    {
        if (!_partitions.Remove(partition)) return;
        Transitions.RemoveAll(transition => PartitionOf(transition.Rule) == partition);
        _removed.RemoveAll(series => PartitionOf(series.Rule) == partition);
        foreach (var stream in StreamsOf(partition))
        {
            foreach (var series in stream.Series.ToList()) stream.Remove(series);
            stream.ForgetTime();
        }
    }

    /// <summary>Whether a partition was taken up.</summary>
    public bool Has(int partition) => _partitions.ContainsKey(partition);

    /// <summary>By partition, log time of the newest event that a window has shown to be aggregated.</summary>
    public IReadOnlyDictionary<int, long> NewestEventMs() => _partitions.ToDictionary(entry => entry.Key, entry => entry.Value.NewestEventMs);

    /// <summary>The partitions of which something is to be saved: those that moved and those of the changes.</summary>
    public List<PartitionWatch> Touched(SeriesChanges changes)
    {
        var touched = _partitions.Values.Where(partition => partition.SavedOffset != partition.NextOffset).Select(partition => partition.Partition).ToHashSet();
        touched.UnionWith(changes.Saves.Select(entry => entry.Partition));
        touched.UnionWith(changes.Deletes.Select(series => PartitionOf(series.Rule)));
        touched.UnionWith(Transitions.Select(transition => PartitionOf(transition.Rule)));
        return [.. _partitions.Values.Where(partition => touched.Contains(partition.Partition)).OrderBy(partition => partition.Partition)];
    }

    /// <summary>Everything before an offset was taken.</summary>
    public void Advance(int partition, long nextOffset)
    {
        if (_partitions.TryGetValue(partition, out var watch)) watch.NextOffset = nextOffset;
    }

    /// <summary>Takes a record of <c>millrace.windows</c>.</summary>
    public void Process(int partition, in LogEntry entry)
    {
        // The record of a partition that was taken away with it.
        if (!_partitions.TryGetValue(partition, out var watch)) return;
        watch.NextOffset = entry.Offset + 1;
        if (!WindowReader.TryScan(entry.Value.Span, out var header))
        {
            metrics.Malformed();
            return;
        }
        watch.NewestEventMs = Math.Max(watch.NewestEventMs, header.NewestEventMs);
        if (!_streams.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(entry.Key.Span, out var stream)) return;
        if (stream.Clock(header.SizeMs) is not { } clock) return;
        if (header.Final) Judge(stream, clock, watch, entry);
        else clock.SawOpen(header.EndMs, entry.AppendedAtMs);
    }

    /// <summary>Log time of a partition moved on: takes up rules that watch for absence, and judges what has become certain.</summary>
    public void MoveTo(int partition, long logMs)
    {
        var watch = _partitions[partition];
        foreach (var stream in StreamsOf(partition))
        {
            foreach (var rule in stream.Rules)
            {
                if (rule.Condition.PerSeries || stream.Find(rule.Id, IdOf(rule)) is not null) continue;
                var series = new WatchedSeries(rule, IdOf(rule), []);
                series.Begin(WatchedStream.Floor(logMs, rule.Condition.WindowMs));
                stream.Add(series);
            }
            stream.MoveTo(logMs, watch.ForgivenToMs(logMs), Transitions);
        }
    }

    /// <summary>Whether <see cref="Silence"/> would change something.</summary>
    public bool AwaitsSilence(int partition, long logMs) =>
        StreamsOf(partition).Any(stream => stream.AwaitsSilence(SilentThrough(logMs), logMs));

    /// <summary>Judges windows as empty whose time has passed in streams that have fallen silent; only while the aggregator keeps up.</summary>
    public void Silence(int partition, long logMs)
    {
        foreach (var stream in StreamsOf(partition))
            stream.Silence(SilentThrough(logMs), logMs, _partitions[partition].ForgivenToMs(logMs), Transitions);
    }

    /// <summary>Forgets series without events and alert that are older than the option says.</summary>
    public void Expire(long logMs)
    {
        var oldestMs = logMs - (long)options.SeriesRetention.TotalMilliseconds;
        foreach (var stream in _streams.Values)
        {
            foreach (var series in stream.Series.Where(series => IsForgettable(series, oldestMs)).ToList()) Remove(stream, series, null);
        }
    }

    /// <summary>What must be written, and what deleted, so that the database stands where this evaluator stands.</summary>
    public SeriesChanges TakeSeriesChanges()
    {
        var saves = new List<(int, WatchedSeries)>();
        foreach (var stream in _streams.Values)
        {
            foreach (var series in stream.Series)
            {
                switch (series.Due)
                {
                    case SeriesSave.Save: saves.Add((stream.Partition, series)); break;
                    case SeriesSave.Delete: _removed.Add(series); break;
                    default: break;
                }
            }
        }

        var deletes = _removed.Where(series => series.IsSaved).ToList();
        _removed.Clear();
        return new SeriesChanges(saves, deletes);
    }

    private static SeriesId IdOf(Rule rule) => new(rule.Type ?? "", rule.Key ?? "");

    private static bool IsForgettable(WatchedSeries series, long oldestMs) =>
        series.Rule.Condition.PerSeries && series.Machine.State == AlertState.Inactive && series.LastEventEndMs < oldestMs;

    private IEnumerable<WatchedStream> StreamsOf(int partition) => _streams.Values.Where(stream => stream.Partition == partition);

    private long SilentThrough(long logMs) => logMs - (long)options.SilenceDelay.TotalMilliseconds;

    private string? ClosingReason(Rule old)
    {
        if (!_rules.TryGetValue((old.Tenant, old.Id), out var now) || now.Deleted) return Reasons.RuleDeleted;
        if (!now.Enabled) return Reasons.RuleDisabled;
        return now.Watches == old.Watches ? null : Reasons.RuleChanged;
    }

    private void Remove(WatchedStream stream, WatchedSeries series, string? reason)
    {
        if (reason is not null) series.Close(reason, Transitions);
        stream.Remove(series);
        _removed.Add(series);
    }

    private WatchedStream Stream(Rule rule)
    {
        var key = PartitionKey.Create(rule.Tenant, rule.Stream);
        if (!_streams.TryGetValue(key, out var stream)) _streams[key] = stream = new WatchedStream(partitionOf(key));
        return stream;
    }

    private void Judge(WatchedStream stream, StreamClock clock, PartitionWatch watch, in LogEntry entry)
    {
        if (!WindowReader.TryRead(entry.Value.Span, out var window))
        {
            metrics.Malformed();
            return;
        }
        var windowMs = window.Sample.EndMs - window.Sample.StartMs;
        var forgivenToMs = watch.ForgivenToMs(entry.AppendedAtMs);
        stream.MoveTo(entry.AppendedAtMs, forgivenToMs, Transitions);
        clock.Saw(window.Sample.EndMs, entry.AppendedAtMs);
        foreach (var rule in stream.Rules)
        {
            if (!rule.Matches(window.Type, window.Key, windowMs) || Series(stream, rule, window) is not { } series) continue;
            series.PassEmpty(window.Sample.StartMs, forgivenToMs, Transitions);
            metrics.Evaluated(rule.Kind, series.Observe(window.Sample, window.Revision, Transitions));
        }
    }

    private WatchedSeries? Series(WatchedStream stream, Rule rule, in WindowRecord window)
    {
        var id = rule.Condition.PerSeries ? new SeriesId(window.Type, window.Key) : IdOf(rule);
        if (stream.Find(rule.Id, id) is { } known) return known;
        if (stream.CountOf(rule.Id) >= options.MaxSeriesPerRule)
        {
            metrics.SeriesRefused();
            return null;
        }
        var series = new WatchedSeries(rule, id, rule.Condition.PerSeries ? window.Dims : []);
        series.Begin(window.Sample.StartMs);
        stream.Add(series);
        return series;
    }
}
