using System.Text;
using Millrace.Adapters.FasterLog;
using Millrace.Ports.EventLog;
using Millrace.Testing;
using Xunit;
using static Millrace.FasterLog.Tests.LogExtensions;

namespace Millrace.FasterLog.Tests;

/// <summary>Everything at once: writers, readers near the end and far behind, commits, retention, failing syncs.</summary>
public sealed class SoakTests : IDisposable
{
    private const int Writers = 4;
    private const int PerWriter = 6_000;

    private readonly LogFixture _fixture = new();
    private readonly FakeDisk _disk = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Readers_at_every_distance_get_each_record_once_in_order()
    {
        await using var log = _fixture.Open(o => o.MemoryPages = 2);
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(log, writer, retry: false))));
        await Task.WhenAll(Enumerable.Range(0, 5).Select(reader => Task.Run(() => ReadAsync(log, reader))));
        await writing;
    }

    [Fact]
    public async Task Syncs_that_fail_now_and_then_lose_nothing_that_was_acknowledged()
    {
        var time = new ManualTimeProvider();
        await using var log = _fixture.Open(disk: _disk, time: time);
        using var stop = new CancellationTokenSource();
        var failing = Task.Run(async () =>
        {
            for (var last = 0; !stop.IsCancellationRequested; last = _disk.Syncs)
            {
                while (_disk.Syncs < last + 30 && !stop.IsCancellationRequested) await Task.Yield();
                _disk.SyncFails = true;
                while (log.Topics.All(t => t.Trouble is null) && !stop.IsCancellationRequested) await Task.Yield();
                _disk.SyncFails = false;
                time.Advance(TimeSpan.FromSeconds(2));
            }
        });
        var acknowledged = await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(log, writer, retry: true, count: 150))));
        await stop.CancelAsync();
        await failing;
        var seen = new HashSet<string>(await log.ReadAllAsync());
        Assert.All(acknowledged.SelectMany(a => a), value => Assert.Contains(value, seen));
    }

    private static async Task<List<string>> WriteAsync(FasterEventLog log, int writer, bool retry, int count = PerWriter)
    {
        var acknowledged = new List<string>();
        for (var next = 0; next < count;)
        {
            var size = writer switch { 0 => 11, 1 => 20, 2 => 300, _ => 7 };
            var values = Enumerable.Range(next, Math.Min(retry ? 1 : size, count - next)).Select(n => $"{writer}-{n}:{new string('x', n % 97 * 3)}").ToArray();
            try
            {
                await log.AppendAsync($"writer {writer}", values);
                acknowledged.AddRange(values.Select(v => v.Split(':')[0]));
                next += values.Length;
            }
            catch (EventLogException e) when (retry && e.Retryable)
            {
                await Task.Yield();
            }
        }
        return acknowledged;
    }

    /// <summary>Reader 0 keeps up; each further one holds its batches longer, so that it falls behind what is in memory.</summary>
    private static async Task ReadAsync(FasterEventLog log, int reader)
    {
        await using var consumer = await log.OpenConsumerAsync(TestTopic, new LogConsumerOptions { Group = $"g{reader}", MaxBatchBytes = 1 << (12 + reader) }, default);
        var next = new int[Writers];
        var held = new Queue<LogBatch>();
        while (next.Sum() < Writers * PerWriter)
        {
            var batch = await consumer.ReadAsync(TimeSpan.FromSeconds(30), default);
            Assert.NotNull(batch);
            held.Enqueue(batch);
            if (held.Count > reader * 10) await CheckAsync(consumer, held.Dequeue(), next);
            if (next.Sum() + held.Sum(b => b.Count) < Writers * PerWriter) continue;
            while (held.TryDequeue(out var rest)) await CheckAsync(consumer, rest, next);
        }
        Assert.All(next, n => Assert.Equal(PerWriter, n));
    }

    private static async Task CheckAsync(ILogConsumer consumer, LogBatch batch, int[] next)
    {
        using (batch)
        {
            foreach (var entry in batch.Entries)
            {
                var value = Encoding.UTF8.GetString(entry.Value.Span);
                var writer = value[0] - '0';
                Assert.Equal($"{writer}-{next[writer]}:{new string('x', next[writer] % 97 * 3)}", value);
                next[writer]++;
            }
            await consumer.CommitAsync(batch.Partition, batch.NextOffset, default);
        }
    }
}
