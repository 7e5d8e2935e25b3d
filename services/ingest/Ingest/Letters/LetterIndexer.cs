using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Millrace.Contracts;
using Millrace.Contracts.Hashing;
using Millrace.Hosting.Faults;
using Millrace.Hosting.Workers;
using Millrace.Ports.EventLog;

namespace Millrace.Ingest.Letters;

/// <summary>Reads the dead-letter topic into the list. Instances share its partitions.</summary>
internal sealed class LetterIndexer(IEventLog log, LetterIndex index, TimeProvider time, ILogger<LetterIndexer> logger) : Worker(time, logger)
{
    private const string Group = "ingest-dead-letters";

    // A transaction is a sync of the disk: when records trickle in, some are taken together.
    private const int FewRecords = 200;
    private static readonly TimeSpan _breath = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _idle = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public override string Name => "dead-letter-list";

    /// <inheritdoc/>
    protected override bool IsBulk => true;

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true) await ReadAsync(cancellationToken);
    }

    /// <summary>Reads until a partition turns out to be another instance's.</summary>
    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        var epoch = (await log.DescribeAsync(Topics.DeadLetter, cancellationToken)).Epoch;
        var ids = SipHash128.KeyedBy(epoch);
        var positions = new ConcurrentDictionary<int, LetterPosition>();
        var reading = new LogConsumerOptions
        {
            Group = Group,
            StartAt = async (assignment, token) =>
            {
                var position = positions[assignment.Partition] = await index.PositionAsync(assignment.Partition, epoch, token);
                var start = Math.Max(position.Next, assignment.Bounds.EarliestOffset);
                Log.LettersStart(logger, assignment.Partition, start);
                return start;
            },
            OnRevoked = partition =>
            {
                positions.TryRemove(partition, out _);
                return ValueTask.CompletedTask;
            },
        };
        await using var consumer = await log.OpenConsumerAsync(Topics.DeadLetter, reading, cancellationToken);
        while (true)
        {
            var few = false;
            using (var batch = await consumer.ReadAsync(_idle, cancellationToken))
            {
                if (batch is null || !positions.TryGetValue(batch.Partition, out var position)) continue;
                if (!await index.AddAsync(position, Read(ids, batch), batch.NextOffset, cancellationToken))
                {
                    Log.LettersTakenOver(logger, batch.Partition);
                    return;
                }

                FaultPoint.Reach(FaultPointNames.IngestLettersListed);
                await consumer.CommitAsync(batch.Partition, batch.NextOffset, cancellationToken);
                few = batch.Count < FewRecords;
            }

            if (few) await Task.Delay(_breath, Time, cancellationToken);
        }
    }

    private List<LetterRow> Read(SipHash128 ids, LogBatch batch)
    {
        var letters = new List<LetterRow>(batch.Count);
        foreach (ref readonly var entry in batch.Entries)
        {
            if (LetterEntry.Read(ids, batch.Partition, entry) is { } letter) letters.Add(letter);
            else Log.NoDeadLetter(logger, batch.Partition, entry.Offset);
        }

        return letters;
    }
}
