using System.Data.Common;
using Dapper;
using Millrace.Ports.Metadata;

namespace Millrace.Hosting.Ledger;

/// <summary>
/// Keeps how many events of each tenant each stage has counted, with the offset up to which it has. A stage that crashed loads both and
/// counts on from there, so no event is counted twice.
/// </summary>
/// <param name="database">Holds the tables.</param>
public sealed class LedgerStore(IMetadataDatabase database)
{
    private const string Columns = "received, rejected, dead_lettered, aggregated, late, duplicate, archived";

    private static readonly string SumColumns =
        "SUM(received) AS received, SUM(rejected) AS rejected, SUM(dead_lettered) AS dead_lettered, "
        + "SUM(aggregated) AS aggregated, SUM(late) AS late, SUM(duplicate) AS duplicate, "
        + $"SUM(CASE WHEN stage = '{LedgerStages.ClickHouse}' THEN archived ELSE 0 END) AS archived, "
        + $"SUM(CASE WHEN stage = '{LedgerStages.Objects}' THEN archived ELSE 0 END) AS in_objects";

    /// <summary>What a stage has stored for a partition.</summary>
    public async Task<LedgerState> LoadAsync(string stage, string topic, int partition, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        // One statement, so that offset and counts are of the same moment.
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            $"""
            SELECT p.upto AS upto, c.tenant AS tenant, {Columns}
            FROM ledger_progress p
            LEFT JOIN ledger_counts c ON c.stage = p.stage AND c.topic = p.topic AND c.part = p.part
            WHERE p.stage = @stage AND p.topic = @topic AND p.part = @partition
            """,
            new { stage, topic, partition },
            cancellationToken: cancellationToken));
        long? upto = null;
        var counts = new Dictionary<string, LedgerCounts>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            upto = row.Upto;
            if (row.Tenant is not null)
                counts.Add(row.Tenant, row.ToCounts());
        }

        return new LedgerState(upto, counts);
    }

    /// <summary>Stores counts in a transaction of its own; see the other overload.</summary>
    public Task<bool> SaveAsync(
        string stage,
        string topic,
        int partition,
        long upto,
        IReadOnlyDictionary<string, LedgerCounts> counts,
        CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            (connection, transaction, token) => SaveAsync(connection, transaction, stage, topic, partition, upto, counts, token),
            cancellationToken);

    /// <summary>
    /// Stores counts inside the caller's transaction. Never lowers <paramref name="upto"/>: when more is stored already, nothing changes
    /// and the answer is <see langword="false"/>.
    /// </summary>
    /// <param name="connection">The transaction's connection.</param>
    /// <param name="transaction">The transaction.</param>
    /// <param name="stage">Name of the stage, such as <c>intake</c>.</param>
    /// <param name="topic">Topic that the stage reads.</param>
    /// <param name="partition">Partition of the topic.</param>
    /// <param name="upto">First offset that is not counted yet.</param>
    /// <param name="counts">Cumulative counts by tenant; tenants that are absent keep what is stored.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async Task<bool> SaveAsync(
        DbConnection connection,
        DbTransaction transaction,
        string stage,
        string topic,
        int partition,
        long upto,
        IReadOnlyDictionary<string, LedgerCounts> counts,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(counts);
        var moved = await connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO ledger_progress (stage, topic, part, upto) VALUES (@stage, @topic, @partition, @upto)
            ON CONFLICT (stage, topic, part) DO UPDATE SET upto = excluded.upto WHERE ledger_progress.upto <= excluded.upto
            """,
            new { stage, topic, partition, upto },
            transaction,
            cancellationToken: cancellationToken));
        if (moved == 0)
            return false;

        if (counts.Count > 0)
            await connection.ExecuteAsync(new CommandDefinition(
                $"""
                INSERT INTO ledger_counts (tenant, stage, topic, part, {Columns})
                VALUES (@Tenant, @Stage, @Topic, @Part, @Received, @Rejected, @DeadLettered, @Aggregated, @Late, @Duplicate, @Archived)
                ON CONFLICT (tenant, stage, topic, part) DO UPDATE SET
                    received = excluded.received, rejected = excluded.rejected, dead_lettered = excluded.dead_lettered,
                    aggregated = excluded.aggregated, late = excluded.late, duplicate = excluded.duplicate, archived = excluded.archived
                """,
                counts.Select(entry => new
                {
                    Tenant = entry.Key,
                    Stage = stage,
                    Topic = topic,
                    Part = partition,
                    entry.Value.Received,
                    entry.Value.Rejected,
                    entry.Value.DeadLettered,
                    entry.Value.Aggregated,
                    entry.Value.Late,
                    entry.Value.Duplicate,
                    entry.Value.Archived,
                }),
                transaction,
                cancellationToken: cancellationToken));
        return true;
    }

    /// <summary>A tenant's counts, summed over all stages and partitions; archived is what stands in both archives.</summary>
    public async Task<LedgerCounts> ReadAsync(string tenant, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var row = await connection.QuerySingleAsync<Row>(new CommandDefinition(
            $"SELECT {SumColumns} FROM ledger_counts WHERE tenant = @tenant", new { tenant }, cancellationToken: cancellationToken));
        var counts = row.ToCounts();
        return counts with { Archived = Math.Min(counts.Archived, row.In_Objects ?? 0) };
    }

    /// <summary>The first uncounted offset of each partition that a stage has stored.</summary>
    public async Task<IReadOnlyDictionary<int, long>> UptoAsync(string stage, string topic, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var rows = await connection.QueryAsync<(long Part, long Upto)>(new CommandDefinition(
            "SELECT CAST(part AS bigint), upto FROM ledger_progress WHERE stage = @stage AND topic = @topic",
            new { stage, topic },
            cancellationToken: cancellationToken));
        return rows.ToDictionary(row => (int)row.Part, row => row.Upto);
    }

    /// <summary>A result row. Sums are decimal in PostgreSQL and integer in SQLite; Dapper converts both to these.</summary>
    private sealed class Row
    {
        public long Upto { get; set; }

        public string? Tenant { get; set; }

        public long? Received { get; set; }

        public long? Rejected { get; set; }

        public long? Dead_Lettered { get; set; }

        public long? Aggregated { get; set; }

        public long? Late { get; set; }

        public long? Duplicate { get; set; }

        public long? Archived { get; set; }

        public long? In_Objects { get; set; }

        public LedgerCounts ToCounts() => new()
        {
            Received = Received ?? 0,
            Rejected = Rejected ?? 0,
            DeadLettered = Dead_Lettered ?? 0,
            Aggregated = Aggregated ?? 0,
            Late = Late ?? 0,
            Duplicate = Duplicate ?? 0,
            Archived = Archived ?? 0,
        };
    }
}
