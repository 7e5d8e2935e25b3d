using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Contracts;
using Millrace.Hosting.Workers;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Sources;

/// <summary>
/// Brings back, beside the live reader, the windows that <c>GET /api/v1/windows</c> promises but that are older than any history: the highest
/// revision wins, so the order of the two readers does not matter.
/// </summary>
internal sealed class WindowBackfill(
    IEventLog log,
    ChannelRegistry registry,
    StreamDirectory streams,
    IOptions<GatewayOptions> options,
    GatewayMetrics metrics,
    TimeProvider time,
    ILogger<WindowBackfill> logger)
    : Worker(time, logger)
{
    private static readonly TimeSpan ShortWait = TimeSpan.FromMilliseconds(50);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override string Name => "gateway-window-backfill";

    /// <summary>Completes when the windows are back.</summary>
    public Task Done => _done.Task;

    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        await registry.Windows.Ready.WaitAsync(cancellationToken);
        var liveMs = Time.GetUtcNow().ToUnixTimeMilliseconds();
        var since = (Time.GetUtcNow() - options.Value.Windows.Retention).ToUnixTimeMilliseconds();
        var info = await log.DescribeAsync(Topics.Windows, cancellationToken);
        var left = new Dictionary<int, (long From, long To)>();
        foreach (var partition in info.Partitions)
        {
            var from = await log.FindOffsetAsync(Topics.Windows, partition.Partition, since, cancellationToken);
            left[partition.Partition] = (from, registry.Windows.Floor(partition.Partition));
        }

        var kept = await ReadAsync(left, liveMs, cancellationToken);
        _done.TrySetResult();
        if (kept > 0) Log.WindowsBack(logger, kept);
        await Task.Delay(Timeout.InfiniteTimeSpan, Time, cancellationToken);
    }

    private async Task<long> ReadAsync(Dictionary<int, (long From, long To)> ranges, long liveMs, CancellationToken cancellationToken)
    {
        var left = ranges.Where(r => r.Value.From < r.Value.To).Select(r => r.Key).ToHashSet();
        if (left.Count == 0) return 0;
        using var reader = new WindowReader(registry, streams, metrics, logger);
        var kept = 0L;
        await using var consumer = await log.OpenConsumerAsync(
            Topics.Windows,
            new LogConsumerOptions
            {
                StartAt = (a, _) => ValueTask.FromResult(left.Contains(a.Partition) ? ranges[a.Partition].From : a.Bounds.EndOffset),
            },
            cancellationToken);
        while (left.Count > 0)
        {
            using var batch = await consumer.ReadAsync(ShortWait, cancellationToken);
            if (batch is null)
            {
                left.RemoveWhere(p => consumer.IsPast(p, liveMs));
                continue;
            }

            if (!left.Contains(batch.Partition)) continue;
            var to = ranges[batch.Partition].To;
            foreach (ref readonly var entry in batch.Entries)
            {
                if (entry.Offset < to && reader.Keep(batch.Partition, entry)) kept++;
            }

            if (batch.NextOffset >= to) left.Remove(batch.Partition);
            registry.BoundWindows();
        }

        return kept;
    }
}
