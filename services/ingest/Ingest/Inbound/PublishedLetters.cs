using System.Globalization;
using Millrace.Contracts;
using Millrace.Ports.EventLog;

namespace Millrace.Ingest.Inbound;

/// <summary>
/// Finds which rejections of an inbound partition stand on the dead-letter topic already, so that an instance that takes over after a crash
/// does not write them again. Events need none of this: their ids tell repetitions.
/// </summary>
internal static class PublishedLetters
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    // The two topics may stand on brokers whose clocks differ.
    private const long ClockSkewMs = 60_000;

    /// <summary>Where a rejection comes from, as its header says.</summary>
    public static string OriginOf(string topic, int partition, long offset, int index) =>
        string.Create(CultureInfo.InvariantCulture, $"{topic}/{partition}/{offset}#{index}");

    /// <summary>The origins in one inbound partition of all dead letters that were written since a moment.</summary>
    /// <param name="log">The log that holds the dead letters.</param>
    /// <param name="topic">The inbound topic.</param>
    /// <param name="partition">Its partition.</param>
    /// <param name="sinceMs">When the first record in question was written.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="EventLogException">The dead letters can't be read now.</exception>
    public static async Task<HashSet<string>> FindAsync(IEventLog log, string topic, int partition, long sinceMs, CancellationToken cancellationToken)
    {
        var origins = new HashSet<string>(StringComparer.Ordinal);
        var unread = new Dictionary<int, long>();
        var starts = new Dictionary<int, long>();
        foreach (var bounds in (await log.DescribeAsync(Topics.DeadLetter, cancellationToken)).Partitions)
        {
            var start = await log.FindOffsetAsync(Topics.DeadLetter, bounds.Partition, sinceMs - ClockSkewMs, cancellationToken);
            starts[bounds.Partition] = start;
            if (start < bounds.EndOffset) unread[bounds.Partition] = bounds.EndOffset;
        }

        if (unread.Count == 0) return origins;
        var prefix = string.Create(CultureInfo.InvariantCulture, $"{topic}/{partition}/");
        var options = new LogConsumerOptions { StartAt = (assignment, _) => ValueTask.FromResult(starts.GetValueOrDefault(assignment.Partition, assignment.Bounds.EndOffset)) };
        await using var consumer = await log.OpenConsumerAsync(Topics.DeadLetter, options, cancellationToken);
        while (unread.Count > 0)
        {
            using var batch = await consumer.ReadAsync(_patience, cancellationToken)
                ?? throw new EventLogException($"The end of {Topics.DeadLetter} was not reached within {_patience.TotalSeconds:0} s.", retryable: true);
            foreach (ref readonly var entry in batch.Entries)
            {
                if (entry.Headers?.GetValueOrDefault(Headers.Inbound) is { } origin && origin.StartsWith(prefix, StringComparison.Ordinal)) origins.Add(origin);
            }

            if (unread.TryGetValue(batch.Partition, out var end) && batch.NextOffset >= end) unread.Remove(batch.Partition);
        }

        return origins;
    }
}
