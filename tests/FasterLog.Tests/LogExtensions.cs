using System.Text;
using Millrace.Ports.EventLog;

namespace Millrace.FasterLog.Tests;

/// <summary>Short words for what most tests do.</summary>
internal static class LogExtensions
{
    public const string TestTopic = "test.events";

    public static LogRecord Record(string key, string value) => new(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value));

    /// <summary>Appends texts under one key, in one call, and answers with their positions.</summary>
    public static async Task<LogPosition[]> AppendAsync(this IEventLog log, string key, params string[] values)
    {
        var positions = new LogPosition[values.Length];
        await log.AppendAsync(TestTopic, values.Select(v => Record(key, v)).ToArray(), positions, default);
        return positions;
    }

    /// <summary>Appends numbered records of about the given size, in calls of ten, until a payload is reached; answers with how many.</summary>
    public static async Task<int> FillAsync(this IEventLog log, string key, long bytes, int size = 1000, int first = 0)
    {
        var number = first;
        for (var done = 0L; done < bytes; done += 10 * size)
            await log.AppendAsync(key, [.. Enumerable.Range(0, 10).Select(_ => $"{number++}:{new string('x', size)}")]);
        return number - first;
    }

    /// <summary>Everything that a new consumer, or the one given, can read now: values up to their colon.</summary>
    public static async Task<List<string>> ReadAllAsync(this IEventLog log, ILogConsumer? reader = null)
    {
        var consumer = reader ?? await log.OpenConsumerAsync(TestTopic, new LogConsumerOptions(), default);
        try
        {
            var values = new List<string>();
            while (await consumer.ReadAsync(TimeSpan.Zero, default) is { } batch)
            {
                using (batch)
                {
                    foreach (var entry in batch.Entries) values.Add(Encoding.UTF8.GetString(entry.Value.Span).Split(':')[0]);
                }
            }
            return values;
        }
        finally
        {
            if (reader is null) await consumer.DisposeAsync();
        }
    }

    /// <summary>Numbers as the texts that <see cref="FillAsync"/> writes.</summary>
    public static IEnumerable<string> Numbers(int first, int count) => Enumerable.Range(first, count).Select(n => $"{n}");

    public static async Task<PartitionInfo> BoundsAsync(this IEventLog log, int partition) =>
        (await log.DescribeAsync(TestTopic, default)).Partitions[partition];
}
