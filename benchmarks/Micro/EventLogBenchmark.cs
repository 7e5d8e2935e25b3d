using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Adapters.FasterLog;
using Millrace.Ports.EventLog;

namespace Millrace.Micro;

/// <summary>The embedded event log: durable appends in calls of several sizes, reading back, opening a large log. Records of 200 bytes, 10,000 keys.</summary>
internal static class EventLogBenchmark
{
    private const string Topic = "millrace.events";
    private const int RecordBytes = 200;

    private static readonly byte[][] _keys =
        [.. Enumerable.Range(0, 10_000).Select(i => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"tenant/stream-{i}")))];

    /// <summary>Runs the parts that are asked for; all by default.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var part = args.Length > 0 ? args[0] : "all";
        var directory = args.Length > 1 ? args[1] : Directory.CreateTempSubdirectory("millrace-bench-").FullName;
        try
        {
            Console.WriteLine($"{"",-34}{"records/s",12}{"CPU-s/M",10}{"user",8}{"sys",8}{"KB alloc/M",12}");
            if (part is "append" or "all") await AppendAsync(directory);
            if (part is "read" or "all") await ReadBackAsync(directory);
            if (part is "open" or "all") await OpenLargeAsync(directory);
            return 0;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task AppendAsync(string directory)
    {
        (int Callers, int Batch, int Calls)[] cases = [(1, 1, 2_000), (64, 1, 200_000), (256, 1, 400_000), (1, 100, 5_000), (8, 100, 20_000), (1, 1000, 2_000), (8, 1000, 4_000)];
        await using var provider = Open(Path.Combine(directory, "append"));
        var log = provider.GetRequiredService<IEventLog>();
        await LoadAsync(log, 64, 1, 20_000);
        foreach (var (callers, batch, calls) in cases)
        {
            await MeasureAsync($"append, {callers} callers, calls of {batch}", (long)calls * batch, () => LoadAsync(log, callers, batch, calls));
        }
    }

    private static async Task ReadBackAsync(string directory)
    {
        await using var provider = Open(Path.Combine(directory, "read"));
        var log = provider.GetRequiredService<IEventLog>();
        await LoadAsync(log, 8, 1000, 2_000);
        await LoadAsync(log, 256, 1, 200_000);
        foreach (var round in (int[])[1, 2, 3])
        {
            await using var consumer = await log.OpenConsumerAsync(Topic, new LogConsumerOptions(), default);
            var read = 0L;
            var bytes = 0L;
            await MeasureAsync($"read back, round {round}", 2_200_000, async () =>
            {
                while (read < 2_200_000)
                {
                    using var batch = await consumer.ReadAsync(TimeSpan.FromSeconds(10), default) ?? throw new InvalidOperationException("Records are missing.");
                    foreach (ref readonly var entry in batch.Entries) bytes += entry.Value.Length;
                    read += batch.Count;
                }
            });
            if (bytes != 2_200_000L * RecordBytes) throw new InvalidOperationException("Bytes are missing.");
        }
    }

    private static async Task OpenLargeAsync(string directory)
    {
        var path = Path.Combine(directory, "open");
        await using (var provider = Open(path)) await LoadAsync(provider.GetRequiredService<IEventLog>(), 8, 1000, 5_000);
        foreach (var file in Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(f => f.EndsWith("index", StringComparison.Ordinal)).Take(1))
        {
            await TimeOpenAsync(path, "open 1 GB, clean");
            File.Delete(file);
            await TimeOpenAsync(path, "open 1 GB, index lost");
        }
    }

    private static async Task TimeOpenAsync(string path, string what)
    {
        var started = Stopwatch.GetTimestamp();
        await using var provider = Open(path);
        var info = await provider.GetRequiredService<IEventLog>().DescribeAsync(Topic, default);
        Console.WriteLine($"{what,-34}{Stopwatch.GetElapsedTime(started).TotalMilliseconds,12:0} ms, {info.Partitions.Sum(p => p.EndOffset)} records");
    }

    private static async Task LoadAsync(IEventLog log, int callers, int batch, int calls)
    {
        var left = calls;
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var value = new byte[RecordBytes];
            new Random(caller).NextBytes(value);
            var records = new LogRecord[batch];
            var positions = new LogPosition[batch];
            var next = caller;
            while (Interlocked.Decrement(ref left) >= 0)
            {
                for (var i = 0; i < batch; i++) records[i] = new LogRecord(_keys[next++ % _keys.Length], value);
                await log.AppendAsync(Topic, records, positions, default);
            }
        })));
    }

    private static async Task MeasureAsync(string what, long records, Func<Task> work)
    {
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        var (user, system, allocated) = (process.UserProcessorTime, process.PrivilegedProcessorTime, GC.GetTotalAllocatedBytes());
        var started = Stopwatch.GetTimestamp();
        await work();
        var elapsed = Stopwatch.GetElapsedTime(started).TotalSeconds;
        process.Refresh();
        double userSeconds = (process.UserProcessorTime - user).TotalSeconds, systemSeconds = (process.PrivilegedProcessorTime - system).TotalSeconds;
        var perMillion = 1e6 / records;
        Console.WriteLine(
            $"{what,-34}{records / elapsed,12:0}{(userSeconds + systemSeconds) * perMillion,10:0.00}{userSeconds * perMillion,8:0.00}{systemSeconds * perMillion,8:0.00}{(GC.GetTotalAllocatedBytes() - allocated) * perMillion / 1024,12:0}");
    }

    private static ServiceProvider Open(string directory)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Millrace:EventLog:Directory"] = directory }).Build();
        return new ServiceCollection().AddLogging().AddFasterLogAdapter(configuration).BuildServiceProvider();
    }
}
