using System.Collections.Concurrent;
using Millrace.Contracts;
using Millrace.Ports.EventLog;
using Millrace.Testing;

namespace Millrace.Archiver.Tests.Support;

/// <summary>
/// The log of several instances: a consumer group whose partitions the test deals out by hand. It can give a partition to one member without telling the one
/// that had it, as a group does whose member was away too long.
/// </summary>
internal sealed class SplitLog(IEventLog log)
{
    private readonly ConcurrentDictionary<int, long> _committed = [];

    /// <summary>The log as one member sees it.</summary>
    public Member Join() => new(this);

    /// <summary>Whether the group has committed everything.</summary>
    public async ValueTask<bool> IsDrainedAsync() => (await log.DescribeAsync(Topics.Events, CancellationToken.None)).Partitions.All(partition =>
        partition.EndOffset == partition.EarliestOffset || _committed.GetValueOrDefault(partition.Partition) >= partition.EndOffset);

    /// <summary>One member's log: every partition read by a consumer of its own.</summary>
    internal sealed class Member(SplitLog group) : IEventLog, ILogConsumer
    {
        private readonly ConcurrentQueue<Func<Task>> _commands = [];
        private readonly ConcurrentDictionary<int, ILogConsumer> _partitions = [];
        private readonly SemaphoreSlim _wake = new(0);
        private LogConsumerOptions? _options;

        public IReadOnlyCollection<int> Assignment => [.. _partitions.Keys];

        /// <summary>Gives it a partition; ends when it reads it.</summary>
        public Task GiveAsync(int partition) => DoAsync(async () =>
        {
            var bounds = (await group.Log.DescribeAsync(Topics.Events, CancellationToken.None)).Partitions.Single(p => p.Partition == partition);
            long? committed = group._committed.TryGetValue(partition, out var offset) ? offset : null;
            var start = await _options!.StartAt!(new PartitionAssignment(partition, committed, bounds), CancellationToken.None);
            _partitions[partition] = await group.Log.OpenConsumerAsync(
                Topics.Events,
                new LogConsumerOptions { StartAt = (other, _) => ValueTask.FromResult(other.Partition == partition ? start : other.Bounds.EndOffset) },
                CancellationToken.None);
        });

        /// <summary>Takes a partition from it; ends when it has let it go.</summary>
        public Task TakeAsync(int partition) => DoAsync(async () =>
        {
            if (!_partitions.TryRemove(partition, out var consumer)) return;
            await consumer.DisposeAsync();
            await _options!.OnRevoked!(partition);
        });

        public async ValueTask<LogBatch?> ReadAsync(TimeSpan maxWait, CancellationToken cancellationToken)
        {
            while (_commands.TryDequeue(out var command)) await command();
            foreach (var (partition, consumer) in _partitions)
            {
                var batch = await consumer.ReadAsync(TimeSpan.FromMilliseconds(5), cancellationToken);
                if (batch?.Partition == partition) return batch;
                batch?.Dispose();
            }

            if (_partitions.IsEmpty) await _wake.WaitAsync(maxWait, cancellationToken);
            return null;
        }

        public ValueTask CommitAsync(int partition, long nextOffset, CancellationToken cancellationToken)
        {
            group._committed.AddOrUpdate(partition, nextOffset, (_, before) => Math.Max(before, nextOffset));
            return ValueTask.CompletedTask;
        }

        public long CompleteThroughMs(int partition) => _partitions[partition].CompleteThroughMs(partition);

        public LogLag GetLag(int partition) => _partitions.TryGetValue(partition, out var consumer) ? consumer.GetLag(partition) : default;

        public async ValueTask<ILogConsumer> OpenConsumerAsync(string topic, LogConsumerOptions options, CancellationToken cancellationToken)
        {
            // Opened again after a failure: what it had is given to it again, as a member that joins anew may get the same.
            var before = _partitions.Keys.ToList();
            await CloseAsync();
            _options = options;
            foreach (var partition in before) _ = GiveAsync(partition);
            return this;
        }

        public ValueTask AppendAsync(string topic, ReadOnlyMemory<LogRecord> records, Memory<LogPosition> positions, CancellationToken cancellationToken) =>
            group.Log.AppendAsync(topic, records, positions, cancellationToken);

        public ValueTask<TopicInfo> DescribeAsync(string topic, CancellationToken cancellationToken) => group.Log.DescribeAsync(topic, cancellationToken);

        public ValueTask<long> FindOffsetAsync(string topic, int partition, long appendedAtMs, CancellationToken cancellationToken) =>
            group.Log.FindOffsetAsync(topic, partition, appendedAtMs, cancellationToken);

        public ValueTask<IReadOnlyDictionary<int, long>> GetCommittedAsync(string topic, string name, CancellationToken cancellationToken) =>
            ValueTask.FromResult<IReadOnlyDictionary<int, long>>(new Dictionary<int, long>(group._committed));

        // The log goes on without this member; its consumers end with the test's log.
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private async Task CloseAsync()
        {
            foreach (var partition in _partitions.Keys)
            {
                if (_partitions.TryRemove(partition, out var consumer)) await consumer.DisposeAsync();
            }
        }

        // On the reader's own thread, between two reads, as a group's protocol does it.
        private async Task DoAsync(Func<Task> work)
        {
            await Eventually.TrueAsync(() => _options is not null);
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _commands.Enqueue(async () =>
            {
                await work();
                done.SetResult();
            });
            _wake.Release();
            await done.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }
    }

    private IEventLog Log => log;
}
