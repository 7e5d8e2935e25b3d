using Dapper;
using Google.Protobuf;
using Millrace.Aggregator.Engine;
using Millrace.Contracts;
using Millrace.Hosting.Ledger;
using Millrace.Ports.Metadata;

namespace Millrace.Aggregator.Storage;

/// <summary>Keeps the progress of each partition of the events, and what was counted up to it, in one transaction.</summary>
internal sealed class CheckpointStore(IMetadataDatabase database, LedgerStore ledger)
{
    /// <summary>Name of the stage in the ledger.</summary>
    public const string Stage = "aggregator";

    private static readonly Migration[] _migrations =
    [
        new(1, "checkpoints", """
            CREATE TABLE aggregator_checkpoints (
                topic text NOT NULL, part integer NOT NULL, epoch text NOT NULL, state bytea NOT NULL, PRIMARY KEY (topic, part));
            """),
    ];

    public Task EnsureAsync(CancellationToken cancellationToken) => database.MigrateAsync("aggregator", _migrations, cancellationToken);

    /// <summary>What was saved last for a partition.</summary>
    public async Task<SavedState> LoadAsync(int partition, CancellationToken cancellationToken)
    {
        var counted = await ledger.LoadAsync(Stage, Topics.Events, partition, cancellationToken);
        await using var connection = await database.OpenAsync(cancellationToken);
        var row = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            "SELECT epoch, state FROM aggregator_checkpoints WHERE topic = @topic AND part = @partition",
            new { topic = Topics.Events, partition },
            cancellationToken: cancellationToken));
        return new SavedState(row?.Epoch, row is null ? null : EngineCheckpoint.Parser.ParseFrom(row.State), counted);
    }

    /// <summary>Saves the progress of some partitions.</summary>
    /// <exception cref="PartitionLostException">Another instance has saved more of a partition: this one must begin anew.</exception>
    public Task SaveAsync(string epoch, IReadOnlyList<Progress> progress, CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            async (connection, transaction, token) =>
            {
                foreach (var one in progress)
                {
                    var saved = await LedgerStore.SaveAsync(
                        connection, transaction, Stage, Topics.Events, one.Partition, one.Checkpoint.ProcessedOffset, one.Counts, token);
                    if (!saved) throw new PartitionLostException(one.Partition);
                    await connection.ExecuteAsync(new CommandDefinition(
                        """
                        INSERT INTO aggregator_checkpoints (topic, part, epoch, state) VALUES (@topic, @partition, @epoch, @state)
                        ON CONFLICT (topic, part) DO UPDATE SET epoch = excluded.epoch, state = excluded.state
                        """,
                        new { topic = Topics.Events, partition = one.Partition, epoch, state = one.Checkpoint.ToByteArray() },
                        transaction,
                        cancellationToken: token));
                }

                return true;
            },
            cancellationToken);

    private sealed class Row
    {
        public string Epoch { get; set; } = "";

        public byte[] State { get; set; } = [];
    }
}

/// <summary>What is saved for a partition.</summary>
/// <param name="Epoch">Epoch of the topic that the checkpoint belongs to.</param>
/// <param name="Checkpoint">Where to go on, <see langword="null"/> before the first.</param>
/// <param name="Counted">The ledger.</param>
internal sealed record SavedState(string? Epoch, EngineCheckpoint? Checkpoint, LedgerState Counted);

/// <summary>What is to be saved for a partition.</summary>
/// <param name="Partition">Partition number.</param>
/// <param name="Checkpoint">Where to go on.</param>
/// <param name="Counts">Cumulative counts of the tenants that changed.</param>
internal sealed record Progress(int Partition, EngineCheckpoint Checkpoint, IReadOnlyDictionary<string, LedgerCounts> Counts);

/// <summary>Another instance has gone further with a partition.</summary>
internal sealed class PartitionLostException(int partition)
    : Exception($"Partition {partition} of {Topics.Events} has been processed further by another instance; beginning anew.");
