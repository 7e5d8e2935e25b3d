using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Health;
using Millrace.RealtimeGateway.Centrifuge;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Operations;

/// <summary>
/// Empties this instance before it stops: not ready, no new connections, and the standing ones told to come back (3001), a bounded number a second, so
/// that the others are not overrun.
/// </summary>
internal sealed class GatewayDrain(
    FanoutHub hub, ReadinessGate readiness, IOptions<GatewayOptions> options, TimeProvider time, ILogger<GatewayDrain> logger) : IHostedLifecycleService
{
    private const string Part = "gateway-connections";
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        readiness.MarkReady(Part);
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        var drain = options.Value.Drain;
        readiness.MarkNotReady(Part, "draining");
        hub.BeginDrain();
        if (hub.Connections == 0) return;
        Log.Draining(logger, hub.Connections);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var timer = time.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), limit, drain.Timeout, Timeout.InfiniteTimeSpan);
        try
        {
            if (drain.Delay > TimeSpan.Zero) await Task.Delay(drain.Delay, time, limit.Token);
            await CloseAllAsync(drain, limit.Token);
        }
        catch (OperationCanceledException)
        {
            Log.DrainCut(logger, hub.Connections, drain.Timeout.TotalSeconds);
            hub.CutAll();
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task CloseAllAsync(GatewayDrainOptions drain, CancellationToken cancellationToken)
    {
        // Fast enough to be through in half the time, however many there are.
        var perSecond = Math.Max(drain.ConnectionsPerSecond, hub.Connections / (drain.Timeout.TotalSeconds / 2));
        var perStep = (int)Math.Max(1, Math.Ceiling(perSecond * Step.TotalSeconds / hub.Shards.Count));
        while (hub.Connections > 0)
        {
            foreach (var shard in hub.Shards) shard.Post(new Work(WorkKind.Drain, shard, new DrainStep(perStep, Disconnect.Shutdown)));
            await Task.Delay(Step, time, cancellationToken);
        }
    }
}
