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
        // Over the total every channel gives the same share of what it may keep.
        var total = services.Histories.Bytes;
        var limit = options.Value.History;
        var each = total <= limit.TotalBytes ? limit.Bytes : (long)(limit.Bytes * 0.9 * limit.TotalBytes / total);
        foreach (var channel in registry.All)
        {
            channel.Aggregate();
            if (channel.Housekeep(each) && registry.Forget(channel) && channel.Name.Kind == ChannelKind.Events) events.Release(channel);
        }

        registry.BoundWindows();
    }
}
