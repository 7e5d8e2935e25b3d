using System.Data.Common;
using Millrace.Contracts;
using Millrace.Ports.EventLog;
using Millrace.Ports.Metadata;

namespace Millrace.Aggregator.Tests.Pipeline;

/// <summary>Lets a number of operations pass and fails every one after, on either side of the operation itself: as a process that died there.</summary>
internal sealed class CrashPoint(int operations)
{
    private int _left = operations;

    public bool Happened => Volatile.Read(ref _left) < 0;

    public void Pass()
    {
        if (Interlocked.Decrement(ref _left) < 0) throw new CrashException();
    }
}

internal sealed class CrashException() : Exception("The process died here.");

/// <summary>A log on which everything that the aggregator does may be the last.</summary>
internal sealed class CrashingLog(IEventLog inner, CrashPoint crash) : IEventLog
{
    public async ValueTask AppendAsync(string topic, ReadOnlyMemory<LogRecord> records, Memory<LogPosition> positions, CancellationToken cancellationToken)
    {
        if (topic is not (Topics.Windows or Topics.Late))
        {
            await inner.AppendAsync(topic, records, positions, cancellationToken);
            return;
        }

        crash.Pass();
        await inner.AppendAsync(topic, records, positions, cancellationToken);
        crash.Pass();
    }

    public async ValueTask<ILogConsumer> OpenConsumerAsync(string topic, LogConsumerOptions options, CancellationToken cancellationToken)
    {
        var consumer = await inner.OpenConsumerAsync(topic, options, cancellationToken);
        return options.Group is null ? consumer : new Consumer(consumer, crash);
    }

    public ValueTask<TopicInfo> DescribeAsync(string topic, CancellationToken cancellationToken) => inner.DescribeAsync(topic, cancellationToken);

    public ValueTask<long> FindOffsetAsync(string topic, int partition, long appendedAtMs, CancellationToken cancellationToken) =>
        inner.FindOffsetAsync(topic, partition, appendedAtMs, cancellationToken);

    public ValueTask<IReadOnlyDictionary<int, long>> GetCommittedAsync(string topic, string group, CancellationToken cancellationToken) =>
        inner.GetCommittedAsync(topic, group, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private sealed class Consumer(ILogConsumer inner, CrashPoint crash) : ILogConsumer
    {
        public IReadOnlyCollection<int> Assignment => inner.Assignment;

        public async ValueTask<LogBatch?> ReadAsync(TimeSpan maxWait, CancellationToken cancellationToken)
        {
            crash.Pass();
            return await inner.ReadAsync(maxWait, cancellationToken);
        }

        public async ValueTask CommitAsync(int partition, long nextOffset, CancellationToken cancellationToken)
        {
            crash.Pass();
            await inner.CommitAsync(partition, nextOffset, cancellationToken);
        }

        public long CompleteThroughMs(int partition) => inner.CompleteThroughMs(partition);

        public LogLag GetLag(int partition) => inner.GetLag(partition);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}

/// <summary>A database whose transactions may be the last, before or after they are committed.</summary>
internal sealed class CrashingDatabase(IMetadataDatabase inner, CrashPoint crash) : IMetadataDatabase
{
    public ValueTask<DbConnection> OpenAsync(CancellationToken cancellationToken) => inner.OpenAsync(cancellationToken);

    public async Task<T> InTransactionAsync<T>(Func<DbConnection, DbTransaction, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        crash.Pass();
        var result = await inner.InTransactionAsync(work, cancellationToken);
        crash.Pass();
        return result;
    }

    public Task MigrateAsync(string module, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken) =>
        inner.MigrateAsync(module, migrations, cancellationToken);

    public ValueTask NotifyAsync(string channel, string payload, CancellationToken cancellationToken) => inner.NotifyAsync(channel, payload, cancellationToken);

    public IAsyncEnumerable<string> ListenAsync(string channel, CancellationToken cancellationToken) => inner.ListenAsync(channel, cancellationToken);
}
