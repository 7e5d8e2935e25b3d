using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Archiver.Blocks;
using Millrace.Archiver.Pipeline;
using Millrace.Archiver.Progress;
using Millrace.Hosting.Faults;
using Millrace.Ports.ClickHouse;

namespace Millrace.Archiver.ClickHouse;

/// <summary>
/// Archives into ClickHouse: a cut is one block and one insert, which feeds the events and the three rollups. The insert's deduplication token
/// is the first safeguard against doubling. It is not enough: on tables that are not replicated ClickHouse notes the token just before it
/// publishes the part, so a kill between the two leaves a token without rows, and a plain retry would be taken for a repetition. So a cut whose
/// fate is unknown is looked up, table by table and week by week, and what is missing is written again, under other tokens if need be.
/// </summary>
internal sealed class ClickHouseSink(
    IClickHouse clickHouse, Tables tables, SchemaWorker schema, CutInspector inspector, IOptions<ArchiverOptions> options, ILogger<ClickHouseSink> logger) : ISink
{
    // Each kill of ClickHouse at the worst moment can spoil one token.
    private const int MostRepairs = 16;

    private static readonly string[] Columns = [.. EventColumns.All.Select(column => column.Name)];

    private readonly Dictionary<string, string> _quorum = options.Value.Schema.InsertQuorum is { } quorum
        ? new() { ["insert_quorum"] = quorum.ToString(CultureInfo.InvariantCulture), ["insert_quorum_parallel"] = "1" }
        : [];

    /// <inheritdoc/>
    public string Name => "clickhouse";

    public string StoredPoint => FaultPointNames.ArchiverRowsInserted;

    /// <inheritdoc/>
    public SinkOptions Options => options.Value.ClickHouse;

    /// <inheritdoc/>
    public Cut Open(int partition) => new EventBlock(partition);

    /// <inheritdoc/>
    public TimeSpan AgeOf(Cut cut) => Options.MaxAge;

    /// <inheritdoc/>
    public async Task WriteAsync(LaneId lane, Cut cut, PendingCut range, bool redo, Ownership ownership, CancellationToken cancellationToken)
    {
        var block = (EventBlock)cut;
        await schema.ReadyAsync(cancellationToken);
        var token = TokenOf(lane, range);
        if (!redo)
        {
            await InsertAsync(block, range.Id, TargetPlan.Everything, token, token, ownership, cancellationToken);
            return;
        }

        await inspector.WaitForInsertsAsync(token, cancellationToken);
        // The same tokens in the same order whoever repairs: a token is only left for the next when ClickHouse has acknowledged it and rows are missing all the
        // same, so it is noted there, and an insert that somebody else sends late under it is dropped.
        for (var attempt = 0; ; attempt++)
        {
            var missing = await inspector.MissingAsync(token, range.Id, block.Times.ToArray(), cancellationToken);
            if (missing.Count == 0) break;
            if (attempt > MostRepairs) throw new InvalidOperationException($"Cut {token}: ClickHouse accepts it, but {missing.Count} of its tables stay empty.");
            if (attempt > 0) ArchiverMetrics.RepairedTables(missing.Tables);
            if (attempt > 0) Log.CutRepaired(logger, token, missing.Tables);
            var own = attempt == 0 ? token : string.Create(CultureInfo.InvariantCulture, $"{token}#{attempt}");
            // Looking may have taken long.
            await ownership.ConfirmAsync(cancellationToken);
            await InsertAsync(block, range.Id, missing.Plan, own, token, ownership, cancellationToken);
            // A Keeper notes the token and publishes the part in one step, so what was acknowledged is there, even if this replica lacks it for a moment.
            if (tables.IsReplicated) break;
        }
    }

    /// <summary>The deduplication token of a cut: topic, partition, range, and the life of the topic, as another life counts offsets anew.</summary>
    public static string TokenOf(LaneId lane, PendingCut range) =>
        string.Create(CultureInfo.InvariantCulture, $"{lane.Topic}:{lane.Partition}:{range.First}-{range.Last}@{lane.Epoch}");

    private Task<ClickHouseWritten> InsertAsync(
        EventBlock block, ulong cutId, TargetPlan plan, string token, string comment, Ownership ownership, CancellationToken cancellationToken) =>
        clickHouse.InsertAsync(
            new ClickHouseInsert(tables.Entrance, "Native")
            {
                Columns = Columns,
                DeduplicationToken = token,
                Settings = new Dictionary<string, string>(_quorum)
                {
                    ["deduplicate_blocks_in_dependent_materialized_views"] = "1",
                    // The block is the unit of deduplication: it must reach the tables as it was cut.
                    ["min_insert_block_size_rows"] = "0",
                    ["min_insert_block_size_bytes"] = "0",
                    ["max_insert_threads"] = "1",
                    ["max_partitions_per_insert_block"] = "0",
                    ["async_insert"] = "0",
                    ["log_comment"] = comment,
                },
            },
            (stream, cancel) =>
            {
                // The connection is there and the first byte goes out next: whoever was stopped until now must not go on with what was true before.
                ownership.ThrowIfStale();
                return block.WriteToAsync(stream, cutId, plan, cancel);
            },
            cancellationToken);
}
