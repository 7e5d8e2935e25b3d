using Millrace.Ports.EventLog;

namespace Millrace.Contract.Suites;

/// <summary>
/// The embedded log with a group of several members, as a broker has them: partitions are divided among the members, are let go and taken up when a
/// member reads, and are taken from one that has been silent too long (<see cref="Expire"/>) without its knowledge.
/// </summary>
public sealed class RebalancingLog(IEventLog inner) : IEventLog
{
    private readonly Lock _gate = new();
    private readonly List<Member> _members = [];
    private readonly Dictionary<int, Member> _owners = [];
    private readonly Dictionary<int, long> _committed = [];
    private string? _topic;

    /// <summary>Whether so many members have taken up their shares, and nobody has another's.</summary>
    public bool IsDealtOut(int members)
    {
        lock (_gate)
        {
            var active = _members.Where(member => !member.Expired).ToList();
            return active.Count == members && active.TrueForAll(member => member.HasItsShare)
                && _owners.All(owner => owner.Value == active[owner.Key % active.Count]);
        }
    }

    /// <summary>Takes everything from a member that still believes it has it, until it reads again after <see cref="Member.Wake"/>.</summary>
    public Member? Expire()
    {
        lock (_gate)
        {
            var member = _members.Find(candidate => !candidate.Expired && _owners.ContainsValue(candidate));
            if (member is null) return null;
            member.Expired = true;
            foreach (var partition in _owners.Where(owner => owner.Value == member).Select(owner => owner.Key).ToList()) _owners.Remove(partition);
            return member;
        }
    }

    public async ValueTask<ILogConsumer> OpenConsumerAsync(string topic, LogConsumerOptions options, CancellationToken cancellationToken)
    {
        if (options.Group is null) return await inner.OpenConsumerAsync(topic, options, cancellationToken);
        var partitions = (await inner.DescribeAsync(topic, cancellationToken)).Partitions.Count;
        var member = new Member(this, topic, partitions, options);
        lock (_gate)
        {
            _topic = topic;
            _members.Add(member);
        }

        return member;
    }

    public ValueTask AppendAsync(string topic, ReadOnlyMemory<LogRecord> records, Memory<LogPosition> positions, CancellationToken cancellationToken) =>
        inner.AppendAsync(topic, records, positions, cancellationToken);

    public ValueTask<TopicInfo> DescribeAsync(string topic, CancellationToken cancellationToken) => inner.DescribeAsync(topic, cancellationToken);

    public ValueTask<long> FindOffsetAsync(string topic, int partition, long appendedAtMs, CancellationToken cancellationToken) =>
        inner.FindOffsetAsync(topic, partition, appendedAtMs, cancellationToken);

    public int PartitionOf(ReadOnlySpan<byte> key, int partitions) => inner.PartitionOf(key, partitions);

    public ValueTask<IReadOnlyDictionary<int, long>> GetCommittedAsync(string topic, string group, CancellationToken cancellationToken)
    {
        if (_topic is not null && topic != _topic) return inner.GetCommittedAsync(topic, group, cancellationToken);
        lock (_gate) return new(new Dictionary<int, long>(_committed));
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <summary>A consumer of the group.</summary>
    public sealed class Member(RebalancingLog log, string topic, int partitions, LogConsumerOptions options) : ILogConsumer
    {
        private readonly Dictionary<int, long> _next = [];
        private ILogConsumer? _reader;
        private volatile bool _hasItsShare;

        public bool Expired { get; set; }

        /// <summary>Whether it has partitions, and was told where to begin in each.</summary>
        public bool HasItsShare => _hasItsShare;

        public IReadOnlyCollection<int> Assignment => [.. _next.Keys];

        /// <summary>It learns at its next read that it has been expired.</summary>
        public void Wake()
        {
            lock (log._gate) Expired = false;
        }

        public async ValueTask<LogBatch?> ReadAsync(TimeSpan maxWait, CancellationToken cancellationToken)
        {
            if (!Expired) await RebalanceAsync(cancellationToken);
            _reader ??= await OpenAsync(cancellationToken);
            var batch = await _reader.ReadAsync(maxWait, cancellationToken);
            if (batch is null) return null;
            if (_next.ContainsKey(batch.Partition))
            {
                _next[batch.Partition] = batch.NextOffset;
                return batch;
            }

            batch.Dispose();
            return null;
        }

        public ValueTask CommitAsync(int partition, long nextOffset, CancellationToken cancellationToken)
        {
            lock (log._gate)
            {
                // A broker refuses who is no longer a member.
                if (log._owners.GetValueOrDefault(partition) != this) throw new EventLogException($"Partition {partition} is another's.", retryable: true);
                log._committed[partition] = Math.Max(nextOffset, log._committed.GetValueOrDefault(partition));
            }

            return ValueTask.CompletedTask;
        }

        public long CompleteThroughMs(int partition) => _reader?.CompleteThroughMs(partition) ?? 0;

        public LogLag GetLag(int partition) => _reader?.GetLag(partition) ?? new LogLag(1, TimeSpan.Zero);

        public async ValueTask DisposeAsync()
        {
            lock (log._gate)
            {
                log._members.Remove(this);
                foreach (var partition in log._owners.Where(owner => owner.Value == this).Select(owner => owner.Key).ToList()) log._owners.Remove(partition);
            }

            if (_reader is not null) await _reader.DisposeAsync();
        }

        private async Task RebalanceAsync(CancellationToken cancellationToken)
        {
            var changed = false;
            foreach (var partition in _next.Keys.Where(partition => !IsMine(partition)).ToList())
            {
                if (options.OnRevoked is { } revoked) await revoked(partition);
                _next.Remove(partition);
                lock (log._gate)
                {
                    if (log._owners.GetValueOrDefault(partition) == this) log._owners.Remove(partition);
                }

                changed = true;
            }

            for (var partition = 0; partition < partitions; partition++)
            {
                if (_next.ContainsKey(partition) || !TryTake(partition)) continue;
                var bounds = (await log.DescribeAsync(topic, cancellationToken)).Partitions[partition];
                long? committed;
                lock (log._gate) committed = log._committed.TryGetValue(partition, out var found) ? found : null;
                _next[partition] = await options.StartAt!(new PartitionAssignment(partition, committed, bounds), cancellationToken);
                changed = true;
            }

            _hasItsShare = _next.Count > 0;
            if (!changed || _reader is null) return;
            await _reader.DisposeAsync();
            _reader = null;
        }

        // Still owned, and still this member's share.
        private bool IsMine(int partition)
        {
            lock (log._gate) return log._owners.GetValueOrDefault(partition) == this && ShareOf(partition) == this;
        }

        private bool TryTake(int partition)
        {
            lock (log._gate) return ShareOf(partition) == this && log._owners.TryAdd(partition, this);
        }

        private Member? ShareOf(int partition)
        {
            var active = log._members.Where(member => !member.Expired).ToList();
            return active.Count == 0 ? null : active[partition % active.Count];
        }

        private ValueTask<ILogConsumer> OpenAsync(CancellationToken cancellationToken) => log.OpenInnerAsync(
            topic,
            new LogConsumerOptions { StartAt = (assignment, _) => new(_next.GetValueOrDefault(assignment.Partition, assignment.Bounds.EndOffset)), MaxBatchBytes = options.MaxBatchBytes },
            cancellationToken);
    }

    private ValueTask<ILogConsumer> OpenInnerAsync(string topic, LogConsumerOptions options, CancellationToken cancellationToken) =>
        inner.OpenConsumerAsync(topic, options, cancellationToken);
}
