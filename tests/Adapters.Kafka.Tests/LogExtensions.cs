using System.Text;
using Millrace.Ports.EventLog;
using Xunit;

namespace Millrace.Adapters.Kafka.Tests;

/// <summary>Short words for what most tests do.</summary>
internal static class LogExtensions
{
    public const string Topic = "test.events";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static LogRecord Record(string key, string value) => new(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value));

    /// <summary>Appends texts, each under a key of its own, and answers with their positions.</summary>
    public static async Task<LogPosition[]> AppendAsync(this IEventLog log, params string[] values)
    {
        var positions = new LogPosition[values.Length];
        await log.AppendAsync(Topic, values.Select(value => Record(value, value)).ToArray(), positions, Cancelled);
        return positions;
    }

    /// <summary>Numbers as texts.</summary>
    public static string[] Numbers(int first, int count) => [.. Enumerable.Range(first, count).Select(number => $"{number}")];

    public static ValueTask<ILogConsumer> JoinAsync(this IEventLog log, string? group, Action<int>? revoked = null) => log.OpenConsumerAsync(
        Topic,
        new LogConsumerOptions
        {
            Group = group,
            OnRevoked = partition =>
            {
                revoked?.Invoke(partition);
                return ValueTask.CompletedTask;
            },
        },
        Cancelled);

    /// <summary>Reads values until so many have come.</summary>
    public static async Task<List<string>> ReadAsync(this ILogConsumer consumer, int count)
    {
        var values = new List<string>();
        while (values.Count < count)
        {
            using var batch = await consumer.ReadAsync(TimeSpan.FromSeconds(30), Cancelled);
            if (batch is null) Assert.Fail($"Only {values.Count} of {count} records came.");
            foreach (var entry in batch.Entries) values.Add(Encoding.UTF8.GetString(entry.Value.Span));
        }

        return values;
    }
}
