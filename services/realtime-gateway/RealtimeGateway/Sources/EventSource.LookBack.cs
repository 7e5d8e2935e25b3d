using Millrace.Contracts;
using Millrace.Contracts.Events;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Sources;

internal sealed partial class EventSource
{
    private static readonly TimeSpan ReadWait = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LookBackLimit = TimeSpan.FromSeconds(2);

    // As long as a client waits for a reply by itself.
    private static readonly TimeSpan ReachBackLimit = TimeSpan.FromSeconds(4);

    // A few at a time: whoever subscribes to many streams at once must not have the log read many times at once.
    private readonly SemaphoreSlim _lookBacks = new(2);

    /// <summary>What comes of reading a piece of the log for a channel.</summary>
    private enum ReadEnd
    {
        Whole,
        TooManyRecords,
        TooManyEvents,
    }

    /// <summary>
    /// For a client that comes back from further than the channel's history reaches, after a restart of this process or to a channel that had been
    /// forgotten: reads from the log what it lacks.
    /// </summary>
    /// <returns>The request with what was read; as it was when nothing is lacking, or when it is more than a recovery may bring or no longer on the log.</returns>
    public async ValueTask<RecoveryRequest> ReachBackAsync(Channel channel, RecoveryRequest request, CancellationToken cancellationToken)
    {
        if (channel.GapBefore(request) is null) return request;
        await _lookBacks.WaitAsync(cancellationToken);
        try
        {
            // Another client may have had the same read meanwhile.
            if (channel.GapBefore(request) is not { } gap) return request;
            using var limit = new CancellationTokenSource(ReachBackLimit, Time);
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
            _lookBacks.Release();
        }
    }

    private async Task<RecoveryRequest> FillAsync(Channel channel, HistoryGap gap, RecoveryRequest request, CancellationToken cancellationToken)
    {
        var info = await log.DescribeAsync(Topics.Events, cancellationToken);
        if (!string.Equals(info.Epoch, registry.Events.Epoch, StringComparison.Ordinal) || info.Partitions[gap.Partition].EarliestOffset > gap.From)
        {
            Log.NotRecovered(logger, channel.Name.Text, gap.From, "the log begins behind its position");
            return request;
        }

        var missed = new List<Publication>();
        long bytes = 0;
        var end = await ReadAsync(
            channel.Name,
            gap.Partition,
            gap.From,
            gap.To,
            publication =>
            {
                missed.Add(publication);
                bytes += publication.Size;
                return missed.Count + gap.Kept.Count <= options.Value.History.RecoveryCount && bytes <= options.Value.History.RecoveryBytes;
            },
            cancellationToken);
        if (end != ReadEnd.Whole)
        {
            Log.NotRecovered(logger, channel.Name.Text, gap.From, end == ReadEnd.TooManyRecords ? "too many records since" : "more events than a recovery may bring");
            return request;
        }

        // For the next one that comes from there.
        channel.Prepend(missed, gap.From, gap.To);
        return request with { Read = new ReadBack([.. missed, .. gap.Kept], gap.UpTo) };
    }

    /// <summary>Reads what the channel carried shortly before it went live, so that its first listener sees something.</summary>
    private async Task LookBackAsync(EventFeed feed, int partition, long live)
    {
        await _lookBacks.WaitAsync();
        try
        {
            using var limit = new CancellationTokenSource(LookBackLimit, Time);
            await LookBackAsync(feed.Channel, partition, live, limit.Token);
        }
        catch (Exception e)
        {
            Log.LookBackGaveUp(logger, feed.Channel.Name.Text, e.Message);
        }
        finally
        {
            _lookBacks.Release();
            feed.Ready.TrySetResult();
        }
    }

    private async Task LookBackAsync(Channel channel, int partition, long live, CancellationToken cancellationToken)
    {
        var since = (Time.GetUtcNow() - options.Value.Events.LookBack).ToUnixTimeMilliseconds();
        var from = Math.Min(live, await log.FindOffsetAsync(Topics.Events, partition, since, cancellationToken));
        var found = new ChannelHistory();
        var end = await ReadAsync(
            channel.Name,
            partition,
            from,
            live,
            publication =>
            {
                found.Add(publication);
                while (found.Count > options.Value.History.Count || found.Bytes > options.Value.History.Bytes) from = found.RemoveOldest();
                return true;
            },
            cancellationToken);
        if (end == ReadEnd.Whole) channel.Prepend([.. Enumerable.Range(0, found.Count).Select(i => found[i])], from, live);
        else Log.LookBackGaveUp(logger, channel.Name.Text, "too many records");
    }

    /// <summary>Reads a channel's events between two positions of its partition.</summary>
    /// <param name="name">The channel.</param>
    /// <param name="partition">Its partition.</param>
    /// <param name="from">First offset.</param>
    /// <param name="to">Offset behind the last.</param>
    /// <param name="take">Takes each; <see langword="false"/> ends it.</param>
    /// <param name="cancellationToken">Ends it too.</param>
    private async Task<ReadEnd> ReadAsync(ChannelName name, int partition, long from, long to, Func<Publication, bool> take, CancellationToken cancellationToken)
    {
        if (from >= to) return ReadEnd.Whole;
        var beganMs = Time.GetUtcNow().ToUnixTimeMilliseconds();
        var key = PartitionKey.Create(name.Owner, name.Rest);
        var records = 0;
        using var documents = new JsonDocuments();
        await using var consumer = await log.OpenConsumerAsync(
            Topics.Events,
            new LogConsumerOptions { StartAt = (a, _) => ValueTask.FromResult(a.Partition == partition ? from : a.Bounds.EndOffset) },
            cancellationToken);
        while (true)
        {
            using var batch = await consumer.ReadAsync(ReadWait, cancellationToken);
            if (batch is null)
            {
                // The log may only be slow: what it has not delivered yet is not nothing. But a gap of offsets before the end brings no batch, ever.
                if (consumer.IsPast(partition, beganMs)) return ReadEnd.Whole;
                continue;
            }

            if (batch.Partition != partition) continue;
            foreach (ref readonly var entry in batch.Entries)
            {
                if (entry.Offset >= to) return ReadEnd.Whole;
                if (++records > options.Value.Events.LookBackRecords) return ReadEnd.TooManyRecords;
                if (entry.Key.Span.SequenceEqual(key) && EventFeed.Transcode(documents, entry, null, out _) is { } publication && !take(publication)) return ReadEnd.TooManyEvents;
            }

            if (batch.NextOffset >= to) return ReadEnd.Whole;
        }
    }
}
