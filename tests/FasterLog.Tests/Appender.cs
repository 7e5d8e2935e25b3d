using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Adapters.FasterLog;
using Millrace.Contract.Suites;
using Millrace.Ports.EventLog;

namespace Millrace.FasterLog.Tests;

/// <summary>
/// The process that the crash tests kill. Several writers append numbered records, some alone and some in batches, and say "A writer number" once
/// a number is durable; a consumer commits as it reads and says "C partition offset" once that is durable.
/// </summary>
internal static class Appender
{
    public const string Verb = "appender";
    public const string Topic = "crash.events";
    public const string Group = "crash";

    private static readonly Lock _console = new();

    /// <summary>Arguments: directory, then the first number of each writer.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        using var metrics = new EventLogMetrics();
        var options = new EventLogOptions { Partitions = 4, PageBytes = 1 << 16, SegmentBytes = 1 << 18, IndexBytes = 1 << 14, CheckpointBytes = 1 << 18, Directory = args[0] };
        await using var log = FasterEventLog.Open(options, TimeProvider.System, metrics, NullLogger<FasterEventLog>.Instance);
        var writers = args[1..].Select((first, writer) => WriteAsync(log, writer, int.Parse(first, CultureInfo.InvariantCulture)));
        await Task.WhenAll(writers.Append(ConsumeAsync(log)));
        return 0;
    }

    /// <summary>The record's bytes for a number: of a length that varies, so that entries end anywhere.</summary>
    public static string Value(int number) => $"{number}:{new string('v', number * 37 % 900)}";

    private static async Task WriteAsync(FasterEventLog log, int writer, int first)
    {
        await Task.Yield();
        var key = Payloads.Utf8($"writer-{writer}");
        for (var next = first; ;)
        {
            var records = Enumerable.Range(next, writer % 2 == 0 ? 1 : 25).Select(n => new LogRecord(key, Payloads.Utf8(Value(n)))).ToArray();
            await log.AppendAsync(Topic, records, Memory<LogPosition>.Empty, default);
            next += records.Length;
            Say($"A {writer} {next - 1}");
        }
    }

    private static async Task ConsumeAsync(FasterEventLog log)
    {
        await using var consumer = await log.OpenConsumerAsync(Topic, new LogConsumerOptions { Group = Group, MaxBatchBytes = 16 << 10 }, default);
        while (true)
        {
            using var batch = await consumer.ReadAsync(Timeout.InfiniteTimeSpan, default);
            await consumer.CommitAsync(batch!.Partition, batch.NextOffset, default);
            Say($"C {batch.Partition} {batch.NextOffset}");
        }
    }

    private static void Say(string line)
    {
        lock (_console)
        {
            Console.Out.WriteLine(line);
            Console.Out.Flush();
        }
    }
}
