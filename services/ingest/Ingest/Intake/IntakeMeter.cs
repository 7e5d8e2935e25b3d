using Microsoft.Extensions.Logging;
using Millrace.Contracts;
using Millrace.Hosting.Health;
using Millrace.Hosting.Ledger;
using Millrace.Hosting.Workers;
using Millrace.Ports.EventLog;

namespace Millrace.Ingest.Intake;

/// <summary>
/// The first stage of the ledger: counts what stands on <see cref="Topics.Events"/> and <see cref="Topics.DeadLetter"/>, so that it agrees with
/// the log and not with what the processes that wrote it remember. Saved at most once a second, when there is anything to save.
/// </summary>
internal sealed class IntakeMeter(IEventLog log, LedgerStore ledger, TimeProvider time, ILogger<IntakeMeter> logger, ReadinessGate readiness)
    : Worker(time, logger, readiness)
{
    /// <summary>Name of the stage in the ledger.</summary>
    public const string Stage = "intake";

    private const string Group = "ledger-intake";
    private static readonly TimeSpan _saveInterval = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public override string Name => "intake-meter";

    /// <inheritdoc/>
    protected override bool IsBulk => true;

    /// <inheritdoc/>
    protected override bool ReadyOnStart => false;

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var events = await TopicIntake.OpenAsync(this, Topics.Events, rejections: false, stop.Token);
        await using var deadLetters = await TopicIntake.OpenAsync(this, Topics.DeadLetter, rejections: true, stop.Token);
        MarkReady();
        var running = new[] { events.RunAsync(stop.Token), deadLetters.RunAsync(stop.Token) };
        // When one fails, the other ends too, and the worker starts both again.
        await Task.WhenAny(running);
        await stop.CancelAsync();
        await Task.WhenAll(running);
    }

    /// <summary>The counting of one topic.</summary>
    private sealed class TopicIntake(IntakeMeter meter, string topic, bool rejections) : IAsyncDisposable
    {
        private readonly Dictionary<int, IntakeTally> _tallies = [];
        private ILogConsumer? _consumer;
        private long? _savedAt;

        public static async Task<TopicIntake> OpenAsync(IntakeMeter meter, string topic, bool rejections, CancellationToken cancellationToken)
        {
            var intake = new TopicIntake(meter, topic, rejections);
            intake._consumer = await meter.Log.OpenConsumerAsync(
                topic,
                new LogConsumerOptions { Group = Group, StartAt = intake.StartAsync, OnRevoked = intake.ForgetAsync },
                cancellationToken);
            return intake;
        }

        public async Task RunAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                using (var batch = await _consumer!.ReadAsync(UntilSave(), cancellationToken))
                {
                    if (batch is not null) Count(batch);
                }

                if (UntilSave() == TimeSpan.Zero) await SaveAsync(cancellationToken);
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (_consumer is not null) await _consumer.DisposeAsync();
        }

        private async ValueTask<long> StartAsync(PartitionAssignment assignment, CancellationToken cancellationToken)
        {
            var stored = await meter.Ledger.LoadAsync(Stage, topic, assignment.Partition, cancellationToken);
            var start = Math.Max(stored.Upto ?? 0, assignment.Bounds.EarliestOffset);
            lock (_tallies) _tallies[assignment.Partition] = new IntakeTally(stored, start, rejections);
            Ingest.Log.IntakeStarts(meter.Logger, topic, assignment.Partition, start);
            return start;
        }

        private ValueTask ForgetAsync(int partition)
        {
            lock (_tallies) _tallies.Remove(partition);
            return ValueTask.CompletedTask;
        }

        private void Count(LogBatch batch)
        {
            lock (_tallies)
            {
                if (!_tallies.TryGetValue(batch.Partition, out var tally)) return;
                foreach (ref readonly var entry in batch.Entries) tally.Count(entry.Offset, entry.Key.Span);
                tally.PassTo(batch.NextOffset);
            }
        }

        /// <summary>How long to wait for more before saving: a second when there is nothing to save, zero when it is time.</summary>
        private TimeSpan UntilSave()
        {
            lock (_tallies)
            {
                if (_tallies.Values.All(tally => !tally.HasChanges)) return _saveInterval;
            }

            if (_savedAt is not { } last) return TimeSpan.Zero;
            var left = _saveInterval - meter.Time.GetElapsedTime(last);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }

        private async Task SaveAsync(CancellationToken cancellationToken)
        {
            List<(int Partition, long Upto, Dictionary<string, LedgerCounts> Changes)> changes;
            lock (_tallies)
            {
                changes = [.. _tallies.Where(tally => tally.Value.HasChanges).Select(tally => (tally.Key, tally.Value.Upto, tally.Value.TakeChanges()))];
            }

            foreach (var (partition, upto, counts) in changes)
            {
                if (!await meter.Ledger.SaveAsync(Stage, topic, partition, upto, counts, cancellationToken))
                    throw new InvalidOperationException($"Another instance has counted partition {partition} of {topic} further than offset {upto}.");
                await _consumer!.CommitAsync(partition, upto, cancellationToken);
            }

            _savedAt = meter.Time.GetTimestamp();
        }
    }

    private IEventLog Log => log;

    private LedgerStore Ledger => ledger;

    private ILogger Logger => logger;
}
