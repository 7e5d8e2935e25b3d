using Millrace.Contracts;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Sources;

internal sealed partial class EventSource
{
    private static readonly TimeSpan LookBackLimit = TimeSpan.FromSeconds(2);

    /// <summary>Reads what the channel carried shortly before it went live, so that its first listener sees something.</summary>
    private async Task LookBackAsync(EventFeed feed, int partition, long live)
    {
        await lookBack.WaitAsync(CancellationToken.None);
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
            lookBack.Release();
            feed.Ready.TrySetResult();
        }
    }

    private async Task LookBackAsync(Channel channel, int partition, long live, CancellationToken cancellationToken)
    {
        var since = (Time.GetUtcNow() - options.Value.Events.LookBack).ToUnixTimeMilliseconds();
        var from = Math.Min(live, await log.FindOffsetAsync(Topics.Events, partition, since, cancellationToken));
        var found = new ChannelHistory();
        using var records = new EventRecords(channel.Name);
        var end = await lookBack.ReadAsync(
            records,
            new ReadRange(Topics.Events, partition, from, from, live),
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
}
