using Millrace.Contracts;
using Millrace.Contracts.Events;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Sources;

internal sealed partial class EventSource
{
    private static readonly TimeSpan LookBackWait = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LookBackLimit = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim _lookBacks = new(2);

    /// <summary>
    /// Reads what the channel carried shortly before it went live, so that its first listener sees something, and one that comes back, even after a
    /// restart of this process, gets what it missed.
    /// </summary>
    private async Task LookBackAsync(EventFeed feed, long[] live)
    {
        var liveMs = Time.GetUtcNow().ToUnixTimeMilliseconds();
        // A few at a time: whoever subscribes to many streams at once must not have the log read many times at once.
        await _lookBacks.WaitAsync();
        try
        {
            using var limit = new CancellationTokenSource(LookBackLimit, Time);
            await LookBackAsync(feed.Channel, live, liveMs, limit.Token);
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

    private async Task LookBackAsync(Channel channel, long[] live, long liveMs, CancellationToken cancellationToken)
    {
        var since = (Time.GetUtcNow() - options.Value.Events.LookBack).ToUnixTimeMilliseconds();
        var starts = new long[live.Length];
        for (var p = 0; p < live.Length; p++) starts[p] = Math.Min(live[p], await log.FindOffsetAsync(Topics.Events, p, since, cancellationToken));
        var left = Enumerable.Range(0, live.Length).Where(p => starts[p] < live[p]).ToHashSet();
        var key = PartitionKey.Create(channel.Name.Owner, channel.Name.Stream);
        var found = new ChannelHistory();
        int? partition = null;
        var records = 0;
        using var documents = new JsonDocuments();
        if (left.Count > 0)
        {
            await using var consumer = await log.OpenConsumerAsync(
                Topics.Events, new LogConsumerOptions { StartAt = (a, _) => ValueTask.FromResult(starts[a.Partition]) }, cancellationToken);
            while (left.Count > 0)
            {
                using var batch = await consumer.ReadAsync(LookBackWait, cancellationToken);
                if (batch is null)
                {
                    // The log may only be slow: what it has not delivered yet is not nothing. But a gap of offsets before the live position brings no batch, ever.
                    left.RemoveWhere(p => consumer.IsPast(p, liveMs));
                    continue;
                }

                if (!left.Contains(batch.Partition)) continue;
                foreach (ref readonly var entry in batch.Entries)
                {
                    if (entry.Offset >= live[batch.Partition]) break;
                    records++;
                    if (!entry.Key.Span.SequenceEqual(key)) continue;
                    partition = batch.Partition;
                    if (EventFeed.Transcode(documents, entry, null, out _) is { } publication) Add(found, publication, ref starts[batch.Partition]);
                }

                if (records > options.Value.Events.LookBackRecords)
                {
                    Log.LookBackGaveUp(logger, channel.Name.Text, "too many records");
                    return;
                }

                if (batch.NextOffset >= live[batch.Partition]) left.Remove(batch.Partition);
            }
        }

        if (partition is { } home) channel.Prepend([.. Enumerable.Range(0, found.Count).Select(i => found[i])], home, starts[home]);
        else channel.ExtendBack(starts);
    }

    private void Add(ChannelHistory found, Publication publication, ref long completeSince)
    {
        found.Add(publication);
        while (found.Count > options.Value.History.Count || found.Bytes > options.Value.History.Bytes) completeSince = found.RemoveOldest();
    }
}
