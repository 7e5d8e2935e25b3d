using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Workers;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Sources;

namespace Millrace.RealtimeGateway.Operations;

/// <summary>Once a second: the aggregated messages, and the forgetting of what is too old, too much or not asked for any more.</summary>
internal sealed class Housekeeper(
    ChannelRegistry registry, ChannelServices services, EventSource events, IOptions<GatewayOptions> options, TimeProvider time, ILogger<Housekeeper> logger)
    : Worker(time, logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public override string Name => "gateway-housekeeper";

    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, Time);
        while (await timer.WaitForNextTickAsync(cancellationToken)) Sweep();
    }

    private void Sweep()
    {
        var each = BytesForEach();
        foreach (var channel in registry.All)
        {
            channel.Aggregate();
            if (channel.Housekeep(each) && registry.Forget(channel) && channel.Namespace.OnDemand) events.Release(channel);
        }

        registry.BoundWindows();
    }

    // When all histories together hold too much, the longest are cut to a common length; the short ones lose nothing.
    private long BytesForEach()
    {
        var limit = options.Value.History;
        if (services.Histories.Bytes <= limit.TotalBytes) return limit.Bytes;
        var sizes = registry.All.Select(c => c.HistoryBytes).Order().ToArray();
        var left = (long)(limit.TotalBytes * 0.9);
        for (var i = 0; i < sizes.Length; i++)
        {
            var share = left / (sizes.Length - i);
            if (sizes[i] > share) return share;
            left -= sizes[i];
        }

        return limit.Bytes;
    }
}
