using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Aggregator.Storage;
using Millrace.Contracts;
using Millrace.Contracts.Events;
using Millrace.Hosting.Rules;
using Millrace.Ports.EventLog;

namespace Millrace.Aggregator.Pipeline;

/// <summary>
/// Reads <c>millrace.events</c> and writes <c>millrace.windows</c> and <c>millrace.late</c>. All state is in memory; whatever fails, a new run rebuilds
/// it from the last checkpoint by reading the log again.
/// </summary>
internal sealed class AggregatorPipeline(
    IEventLog log, CheckpointStore store, EventRulesStore rules, IOptions<AggregatorOptions> options, AggregatorMetrics metrics, AggregatorIncidents incidents, TimeProvider time,
    ILogger<AggregatorPipeline> logger)
{
    /// <summary>The consumer group, whose position keeps the log from dropping what a restart must read again.</summary>
    public const string Group = "aggregator";

    private static readonly TimeSpan _lastCheckpointTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Runs until cancelled.</summary>
    /// <param name="caughtUp">Called once, when everything that stood on the log at the start has been read.</param>
    /// <param name="cancellationToken">Ends the run, with a last checkpoint.</param>
    public async Task RunAsync(Action caughtUp, CancellationToken cancellationToken)
    {
        await store.EnsureAsync(cancellationToken);
        var settings = AggregatorOptionsRules.SettingsOf(options.Value);
        await rules.PublishAsync(settings.Rules, cancellationToken);
        var epoch = (await log.DescribeAsync(Topics.Events, cancellationToken)).Epoch;
        var identity = new EventIdentity(epoch);
        // Appends outlive the run a little, so that a stop can make durable what was said.
        using var appending = new CancellationTokenSource();
        await using var stopping = cancellationToken.Register(() => appending.CancelAfter(_lastCheckpointTimeout));
        var appender = new WindowAppender(log, time, logger, appending.Token);
        var partitions = new PartitionSet();
        await using var consumer = await log.OpenConsumerAsync(
            Topics.Events,
            new LogConsumerOptions
            {
                Group = Group,
                StartAt = async (assignment, token) =>
                {
                    var start = await PartitionStart.FindAsync(log, store, settings, epoch, assignment, logger, token);
                    partitions.Assign(new PartitionRunner(start, settings, identity, appender));
                    return start.WarmFrom;
                },
                OnRevoked = partition =>
                {
                    partitions.Revoke(partition);
                    Log.PartitionRevoked(logger, partition);
                    return ValueTask.CompletedTask;
                },
            },
            cancellationToken);
        var loop = new AggregatorLoop(consumer, partitions, store, epoch, options.Value, metrics, incidents, time, logger);
        try
        {
            await loop.RunAsync(caughtUp, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await SaveLastAsync(loop);
            throw;
        }
    }

    // A stop is no crash: what is known is saved, so that the next start has less to read again. Without it nothing would be wrong either.
    private async Task SaveLastAsync(AggregatorLoop loop)
    {
        using var timeout = new CancellationTokenSource(_lastCheckpointTimeout, time);
        try
        {
            await loop.CheckpointAsync(timeout.Token);
        }
        catch (Exception e)
        {
            Log.LastCheckpointFailed(logger, e);
        }
    }
}
