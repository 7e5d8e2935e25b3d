using Millrace.Archiver.Blocks;

namespace Millrace.Archiver.ClickHouse;

/// <summary>
/// The step of the schema that marks events that came after the allowed lateness, and counts them in the rollups beside the others. Tables first, then the
/// views that fill them, then those before: whoever still writes without the mark goes on as before meanwhile.
/// </summary>
internal static class LateEventsStep
{
    /// <summary>The step.</summary>
    public static SchemaMigrations.Step Of(Tables tables) => new(3, "late events",
    [
        $"ALTER TABLE {tables.Database}.events{tables.OnCluster} ADD COLUMN IF NOT EXISTS late Bool DEFAULT false AFTER data",
        $"ALTER TABLE {tables.Entrance}{tables.OnCluster} ADD COLUMN IF NOT EXISTS late Bool AFTER data",
        $"ALTER TABLE {tables.Internal}.events_view{tables.OnCluster} MODIFY QUERY "
            + $"SELECT {EventColumns.Names}, cut AS cut_in FROM {tables.Entrance} WHERE bitTest(targets, 0)",
        $"ALTER TABLE {tables.Internal}.rollup_in{tables.OnCluster} ADD COLUMN IF NOT EXISTS late UInt64 AFTER count",
        .. Rollup(tables, "rollup_1m", "toStartOfMinute", Target.Minute),
        .. Rollup(tables, "rollup_1h", "toStartOfHour", Target.Hour),
        .. Rollup(tables, "rollup_1d", "toStartOfDay", Target.Day),
        RollupEntranceView(tables),
    ]);

    private static string RollupEntranceView(Tables tables) => $"""
        ALTER TABLE {tables.Internal}.rollup_view{tables.OnCluster} MODIFY QUERY
        SELECT tenant, stream, type, pair.1 AS name, toStartOfMinute(e.time) AS time,
            countIf(name = '') AS count, countIf(name = '' AND e.late) AS late, countIf(name != '') AS samples,
            sum(pair.2) AS sum, minOrNullIf(pair.2, name != '') AS min, maxOrNullIf(pair.2, name != '') AS max,
            {Tables.Quantiles}StateIf({Tables.Levels})({Tables.Clamped("pair.2")}, name != '') AS quantiles,
            max(e.cut) AS cut, any(e.targets) AS targets
        FROM {tables.Entrance} AS e
        ARRAY JOIN arrayPushFront(CAST(e.values, 'Array(Tuple(String, Float64))'), ('', 0.)) AS pair
        WHERE bitAnd(e.targets, 14) != 0
        GROUP BY tenant, stream, type, name, time
        """;

    private static IEnumerable<string> Rollup(Tables tables, string name, string bucket, Target target)
    {
        yield return $"ALTER TABLE {tables.Database}.{name}{tables.OnCluster} ADD COLUMN IF NOT EXISTS late SimpleAggregateFunction(sum, UInt64) AFTER count";
        yield return $"""
            ALTER TABLE {tables.Internal}.{name}_view{tables.OnCluster} MODIFY QUERY
            SELECT tenant, stream, type, name, {bucket}(r.time) AS time, sum(r.count) AS count, sum(r.late) AS late, sum(r.samples) AS samples,
                sum(r.sum) AS sum, min(r.min) AS min, max(r.max) AS max, {Tables.Quantiles}MergeState({Tables.Levels})(r.quantiles) AS quantiles,
                max(r.cut) AS cut_in
            FROM {tables.Internal}.rollup_in AS r WHERE bitAnd(targets, {(int)target}) != 0
            GROUP BY tenant, stream, type, name, time
            """;
    }
}
