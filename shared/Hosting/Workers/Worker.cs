using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Hosting.Health;

namespace Millrace.Hosting.Workers;

/// <summary>
/// A background loop that never dies silently: what <see cref="RunAsync"/> throws is logged and counted, and the loop is run again after
/// 1 s, 2 s, … 30 s. The delay starts anew once a run has lasted a minute. Stopping is bounded by <see cref="StopTimeout"/>.
/// </summary>
public abstract class Worker : BackgroundService
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StableRun = TimeSpan.FromMinutes(1);
    private readonly ILogger _logger;
    private readonly ReadinessGate? _readiness;

    /// <summary>Makes a worker.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where failures are told.</param>
    /// <param name="readiness">When given, the process is not ready until this worker is (see <see cref="ReadyOnStart"/>).</param>
    protected Worker(TimeProvider time, ILogger logger, ReadinessGate? readiness = null)
    {
        Time = time;
        _logger = logger;
        _readiness = readiness;
        // The name may be overridden, and overrides must not depend on the derived constructor.
        _readiness?.Expect(Name);
    }

    /// <summary>Name in logs, metrics and readiness: by default the class's. An override returns a constant.</summary>
    public virtual string Name => GetType().Name;

    /// <summary>The clock.</summary>
    protected TimeProvider Time { get; }

    /// <summary>Whether the worker counts as ready as soon as it runs; otherwise it calls <see cref="MarkReady"/> when it has caught up.</summary>
    protected virtual bool ReadyOnStart => true;

    /// <summary>
    /// Whether the loop works through everything that comes in and nobody waits for its answer: then it runs on threads for such work (see
    /// <see cref="BulkWork"/>), so that the thread pool is for those that somebody waits for. Default no.
    /// </summary>
    protected virtual bool IsBulk => false;

    /// <summary>How long a stop waits for the loop to end. Default 10 s.</summary>
    protected virtual TimeSpan StopTimeout => TimeSpan.FromSeconds(10);

    /// <summary>
    /// The loop. It runs until the token is cancelled; returning earlier ends the worker for good (logged), throwing has it run again.
    /// </summary>
    protected abstract Task RunAsync(CancellationToken cancellationToken);

    /// <summary>Tells the readiness gate that the worker does its work.</summary>
    protected void MarkReady() => _readiness?.MarkReady(Name);

    /// <inheritdoc/>
    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            var started = Time.GetTimestamp();
            try
            {
                if (ReadyOnStart)
                    MarkReady();
                await (IsBulk ? BulkWork.RunAsync(() => RunAsync(stoppingToken), stoppingToken) : RunAsync(stoppingToken));
                if (!stoppingToken.IsCancellationRequested)
                    Log.WorkerEnded(_logger, Name);
                return;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (stoppingToken.IsCancellationRequested)
                {
                    Log.WorkerFailedWhileStopping(_logger, Name, e);
                    return;
                }

                failures = Time.GetElapsedTime(started) >= StableRun ? 1 : failures + 1;
                var delay = DelayAfter(failures);
                HostingMetrics.WorkerFailures.Add(1, new KeyValuePair<string, object?>("worker", Name));
                _readiness?.MarkNotReady(Name, "failed, runs again soon: " + e.Message);
                Log.WorkerFailed(_logger, Name, failures, delay.TotalSeconds, e);
                await Task.Delay(delay, Time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(StopTimeout);
        await base.StopAsync(bounded.Token);
        if (ExecuteTask is { IsCompleted: false })
            Log.WorkerStuck(_logger, Name, StopTimeout.TotalSeconds);
    }

    // Doubling, with the jitter that keeps several workers from hammering a dependency in step.
    private static TimeSpan DelayAfter(int failures)
    {
        var seconds = Math.Min(FirstDelay.TotalSeconds * Math.Pow(2, Math.Min(failures - 1, 10)), LongestDelay.TotalSeconds);
#pragma warning disable CA5394 // Jitter is no secret.
        return TimeSpan.FromSeconds(seconds * (0.8 + (0.2 * Random.Shared.NextDouble())));
#pragma warning restore CA5394
    }
}
