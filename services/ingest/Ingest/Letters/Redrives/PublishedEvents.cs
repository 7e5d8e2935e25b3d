using System.Globalization;
using Millrace.Contracts;
using Millrace.Contracts.Hashing;
using Millrace.Ports.EventLog;

namespace Millrace.Ingest.Letters.Redrives;

/// <summary>
/// Finds which events of the letters in hand stand on the log already, after a redrive was broken off between publishing them and saying so. The ids
/// alone would do as long as the log's readers remember them; a redrive may lie still for longer.
/// </summary>
internal sealed class PublishedEvents
{
    private static readonly SipHash128 _hash = SipHash128.KeyedBy("redrive");
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);
    private readonly HashSet<UInt128> _records = [];
    private readonly HashSet<string> _letters = new(StringComparer.Ordinal);

    /// <summary>Nothing is published.</summary>
    public static PublishedEvents None { get; } = new();

    /// <summary>Whether anything of a letter is published.</summary>
    public bool Has(string letter) => _letters.Contains(letter);

    /// <summary>Whether a record is published.</summary>
    public bool Has(string letter, in LogRecord record) =>
        _records.Count > 0 && _records.Contains(_hash.Hash(System.Text.Encoding.ASCII.GetBytes(letter), record.Key.Span, record.Value.Span));

    /// <summary>Reads the log from where it ended before the letters were taken in hand to where it ends now.</summary>
    public static async Task<PublishedEvents> FindAsync(IEventLog log, RedriveRow redrive, CancellationToken cancellationToken)
    {
        var events = await log.DescribeAsync(Topics.Events, cancellationToken);
        // In another epoch the positions mean nothing: look through all that there is.
        var ends = events.Epoch == redrive.LogEpoch ? redrive.LogEnds.Split(' ').Select(end => long.Parse(end, CultureInfo.InvariantCulture)).ToArray() : [];
        var starts = events.Partitions.ToDictionary(
            p => p.Partition, p => Math.Max(p.Partition < ends.Length ? ends[p.Partition] : p.EarliestOffset, p.EarliestOffset));
        var unread = events.Partitions.Where(p => starts[p.Partition] < p.EndOffset).ToDictionary(p => p.Partition, p => p.EndOffset);
        var found = new PublishedEvents();
        if (unread.Count == 0) return found;
        var reading = new LogConsumerOptions { StartAt = (assignment, _) => ValueTask.FromResult(starts.GetValueOrDefault(assignment.Partition, assignment.Bounds.EndOffset)) };
        await using var consumer = await log.OpenConsumerAsync(Topics.Events, reading, cancellationToken);
        while (unread.Count > 0)
        {
            using var batch = await consumer.ReadAsync(_patience, cancellationToken)
                ?? throw new EventLogException($"The end of {Topics.Events} was not reached within {_patience.TotalSeconds:0} s.", retryable: true);
            foreach (ref readonly var entry in batch.Entries)
            {
                if (entry.Headers?.GetValueOrDefault(Headers.Redrive) is { } letter) found.Add(letter, entry);
            }

            if (unread.TryGetValue(batch.Partition, out var end) && batch.NextOffset >= end) unread.Remove(batch.Partition);
        }

        return found;
    }

    private void Add(string letter, in LogEntry entry)
    {
        _letters.Add(letter);
        _records.Add(_hash.Hash(System.Text.Encoding.ASCII.GetBytes(letter), entry.Key.Span, entry.Value.Span));
    }
}
