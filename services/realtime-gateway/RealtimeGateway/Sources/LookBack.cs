using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Sources;

/// <summary>What comes of reading a piece of the log for a channel.</summary>
internal enum ReadEnd
{
    /// <summary>Nothing: never returned.</summary>
    Unset = 0,

    /// <summary>Everything was read.</summary>
    Whole,

    /// <summary>There were more records than may be read.</summary>
    TooManyRecords,

    /// <summary>Whoever takes them had enough.</summary>
    TooManyEvents,
}

/// <summary>Reads from the log what the memory of a channel does not hold.</summary>
internal sealed class LookBack(
    IEventLog log, ChannelRegistry registry, IOptions<GatewayOptions> options, TimeProvider time, ILogger<LookBack> logger)
    : IDisposable
{
    private static readonly TimeSpan ReadWait = TimeSpan.FromMilliseconds(50);

    // As long as a client waits for a reply by itself.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    // A few at a time: whoever subscribes to many channels at once must not have the log read many times at once.
    private readonly SemaphoreSlim _places = new(2);

    /// <summary>Waits for one of the places; give it back to <see cref="Release"/>.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _places.WaitAsync(cancellationToken);

    public void Dispose() => _places.Dispose();

    /// <summary>Gives a place back.</summary>
    public void Release() => _places.Release();

    /// <summary>
    /// For a client that comes back from further than the channel's history reaches, after a restart of this process or to a channel that had been
    /// forgotten: reads from the log what it lacks.
    /// </summary>
    /// <returns>The request with what was read; as it was when nothing is lacking, or when it is more than a recovery may bring or no longer on the log.</returns>
    public async ValueTask<RecoveryRequest> ReachBackAsync(Channel channel, RecoveryRequest request, CancellationToken cancellationToken)
    {
        if (channel.GapBefore(request) is null) return request;
        await _places.WaitAsync(cancellationToken);
        try
        {
            // Another client may have had the same read meanwhile.
            if (channel.GapBefore(request) is not { } gap) return request;
            using var limit = new CancellationTokenSource(Limit, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            return await FillAsync(channel, gap, request, both.Token);
        }
        catch (Exception e) when (e is EventLogException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            Log.NotRecovered(logger, channel.Name.Text, request.Offset, e.Message);
            return request;
        }
        finally
        {
            _places.Release();
        }
    }

    /// <summary>Reads a channel's records between two positions of its partition.</summary>
    /// <param name="records">What becomes of them; made anew for each pass.</param>
    /// <param name="range">Which of them.</param>
    /// <param name="take">Takes each publication; <see langword="false"/> ends it.</param>
    /// <param name="cancellationToken">Ends it too.</param>
    public async Task<ReadEnd> ReadAsync(ChannelRecords records, ReadRange range, Func<Publication, bool> take, CancellationToken cancellationToken)
    {
        if (range.From >= range.To) return ReadEnd.Whole;
        var beganMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var count = 0;
        await using var consumer = await log.OpenConsumerAsync(
            range.Topic,
            new LogConsumerOptions { StartAt = (a, _) => ValueTask.FromResult(a.Partition == range.Partition ? range.Start : a.Bounds.EndOffset) },
            cancellationToken);
        while (true)
        {
            using var batch = await consumer.ReadAsync(ReadWait, cancellationToken);
            if (batch is null)
            {
                // The log may only be slow: what it has not delivered yet is not nothing. But a gap of offsets before the end brings no batch, ever.
                if (consumer.IsPast(range.Partition, beganMs)) return ReadEnd.Whole;
                continue;
            }

            if (batch.Partition != range.Partition) continue;
            foreach (ref readonly var entry in batch.Entries)
            {
                if (entry.Offset >= range.To) return ReadEnd.Whole;
                if (++count > options.Value.Events.LookBackRecords) return ReadEnd.TooManyRecords;
                if (!entry.Key.Span.SequenceEqual(records.Key.Span)) continue;
                if (entry.Offset < range.From) records.Observe(entry);
                else if (records.Read(entry) is { } publication && !take(publication)) return ReadEnd.TooManyEvents;
            }

            if (batch.NextOffset >= range.To) return ReadEnd.Whole;
        }
    }

    private async Task<RecoveryRequest> FillAsync(Channel channel, HistoryGap gap, RecoveryRequest request, CancellationToken cancellationToken)
    {
        var topic = registry.TopicOf(channel.Namespace);
        var info = await log.DescribeAsync(topic.Topic, cancellationToken);
        if (!string.Equals(info.Epoch, topic.Epoch, StringComparison.Ordinal) || info.Partitions[gap.Partition].EarliestOffset > gap.From)
            return NotRecovered(channel, request, "the log begins behind its position");
        var range = new ReadRange(topic.Topic, gap.Partition, gap.From, gap.From, gap.To);
        var (end, missed, sinceMs) = await CollectAsync(channel, gap, range, cancellationToken);
        if (end == ReadEnd.Whole && sinceMs is { } since)
        {
            // What becomes of them depends on records before: again, from there on.
            var start = await log.FindOffsetAsync(topic.Topic, gap.Partition, since, cancellationToken);
            (end, missed, _) = await CollectAsync(channel, gap, range with { Start = Math.Min(start, gap.From) }, cancellationToken);
        }

        if (missed is null) return NotRecovered(channel, request, "the history has been removed since, or is too old");
        if (end != ReadEnd.Whole)
            return NotRecovered(channel, request, end == ReadEnd.TooManyRecords ? "too many records since" : "more events than a recovery may bring");

        // For the next one that comes from there.
        channel.Prepend(missed, gap.From, gap.To);
        return request with { Read = new ReadBack([.. missed, .. gap.Kept], gap.UpTo) };
    }

    private async Task<(ReadEnd End, List<Publication>? Missed, long? SinceMs)> CollectAsync(
        Channel channel, HistoryGap gap, ReadRange range, CancellationToken cancellationToken)
    {
        var missed = new List<Publication>();
        long bytes = 0;
        using var records = channel.Namespace.OpenRecords(channel.Name, options.Value, time.GetUtcNow());
        var end = await ReadAsync(
            records,
            range,
            publication =>
            {
                missed.Add(publication);
                bytes += publication.Size;
                return missed.Count + gap.Kept.Count <= options.Value.History.RecoveryCount && bytes <= options.Value.History.RecoveryBytes;
            },
            cancellationToken);
        if (records.IsBroken) return (end, null, null);
        var again = records is { DependsOnEarlier: true, Reach: not null } && missed.Count > 0 && range.Start == range.From;
        return (end, missed, again ? missed[0].LoggedAtMs - (long)records.Reach!.Value.TotalMilliseconds : null);
    }

    private RecoveryRequest NotRecovered(Channel channel, RecoveryRequest request, string reason)
    {
        Log.NotRecovered(logger, channel.Name.Text, request.Offset, reason);
        return request;
    }
}

/// <summary>A piece of a partition.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Start">Where reading begins; what stands before <paramref name="From"/> is only taken note of.</param>
/// <param name="From">First offset that is wanted.</param>
/// <param name="To">Offset behind the last.</param>
internal readonly record struct ReadRange(string Topic, int Partition, long Start, long From, long To);
