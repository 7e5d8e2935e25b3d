using Millrace.Archiver.Blocks;

namespace Millrace.Archiver.ClickHouse;

/// <summary>
/// The schema, step by step. A landed step is never changed. Every statement may be run again: a crash between a statement and the note that it
/// was run costs nothing.
/// </summary>
internal static class SchemaMigrations
{
    private const string Quantiles = $"quantiles AggregateFunction({Tables.Quantiles}({Tables.Levels}), Float64)";

    /// <summary>All steps, oldest first.</summary>
    public static IReadOnlyList<Step> For(Tables tables) =>
    [
        new(1, "events", [Entrance(tables), Events(tables), EventsView(tables)]),
        new(2, "rollups by minute, hour and day",
        [
            RollupEntrance(tables), RollupEntranceView(tables),
            .. Rollup(tables, "rollup_1m", "toStartOfMinute", Target.Minute),
            .. Rollup(tables, "rollup_1h", "toStartOfHour", Target.Hour),
            .. Rollup(tables, "rollup_1d", "toStartOfDay", Target.Day),
        ]),
        LateEventsStep.Of(tables),
    ];

    // The entrance stores nothing. Each row says which tables want it, so that a table that a crash left out can be served alone.
    private static string Entrance(Tables tables) =>
        $"CREATE TABLE IF NOT EXISTS {tables.Entrance}{tables.OnCluster} ({EventColumns.Declaration}, cut UInt64, targets UInt8) ENGINE = Null";

    // Weeks: a batch of events up to seven days old touches at most three partitions, and retention can drop whole ones. The number of the cut
    // is stored, but SELECT * does not show it; the index finds the rows of a cut after a crash without reading a week.
    private static string Events(Tables tables) => $"""
        CREATE TABLE IF NOT EXISTS {tables.Database}.events{tables.OnCluster}
            ({EventColumns.Declaration}, cut_in UInt64 EPHEMERAL 0, cut UInt64 MATERIALIZED cut_in, INDEX cuts cut TYPE minmax GRANULARITY 1)
        ENGINE = {tables.Engine()} PARTITION BY toMonday(time) ORDER BY (tenant, stream, type, time, id) SETTINGS {tables.Deduplication}
        """;

    private static string EventsView(Tables tables) => $"""
        CREATE MATERIALIZED VIEW IF NOT EXISTS {tables.Internal}.events_view{tables.OnCluster} TO {tables.Database}.events AS
        SELECT * EXCEPT (cut, targets), cut AS cut_in FROM {tables.Entrance} WHERE bitTest(targets, 0)
        """;

    private static string RollupEntrance(Tables tables) => $"""
        CREATE TABLE IF NOT EXISTS {tables.Internal}.rollup_in{tables.OnCluster}
            ({RollupKey}, count UInt64, samples UInt64, sum Float64, min Nullable(Float64), max Nullable(Float64), {Quantiles}, cut UInt64, targets UInt8)
        ENGINE = Null
        """;

    // One row for the events themselves (name '') and one for each named value. Of the same minute, all rows are of the same week, so they
    // are meant for the same tables.
    private static string RollupEntranceView(Tables tables) => $"""
        CREATE MATERIALIZED VIEW IF NOT EXISTS {tables.Internal}.rollup_view{tables.OnCluster} TO {tables.Internal}.rollup_in AS
        SELECT tenant, stream, type, pair.1 AS name, toStartOfMinute(e.time) AS time,
            countIf(name = '') AS count, countIf(name != '') AS samples,
            sum(pair.2) AS sum, minOrNullIf(pair.2, name != '') AS min, maxOrNullIf(pair.2, name != '') AS max,
            {Tables.Quantiles}StateIf({Tables.Levels})({Tables.Clamped("pair.2")}, name != '') AS quantiles,
            max(e.cut) AS cut, any(e.targets) AS targets
        FROM {tables.Entrance} AS e
        ARRAY JOIN arrayPushFront(CAST(e.values, 'Array(Tuple(String, Float64))'), ('', 0.)) AS pair
        WHERE bitAnd(e.targets, 14) != 0
        GROUP BY tenant, stream, type, name, time
        """;

    private const string RollupKey =
        "tenant LowCardinality(String), stream LowCardinality(String), type LowCardinality(String), name LowCardinality(String), time DateTime('UTC')";

    private static IEnumerable<string> Rollup(Tables tables, string name, string bucket, Target target)
    {
        yield return $"""
            CREATE TABLE IF NOT EXISTS {tables.Database}.{name}{tables.OnCluster}
                ({RollupKey}, count SimpleAggregateFunction(sum, UInt64), samples SimpleAggregateFunction(sum, UInt64),
                sum SimpleAggregateFunction(sum, Float64), min SimpleAggregateFunction(min, Nullable(Float64)),
                max SimpleAggregateFunction(max, Nullable(Float64)), {Quantiles},
                cut_in UInt64 EPHEMERAL 0, cut SimpleAggregateFunction(max, UInt64) MATERIALIZED cut_in, INDEX cuts cut TYPE minmax GRANULARITY 1)
            ENGINE = {tables.Engine("Aggregating")} PARTITION BY toMonday(time) ORDER BY (tenant, stream, type, name, time) SETTINGS {tables.Deduplication}
            """;
        yield return $"""
            CREATE MATERIALIZED VIEW IF NOT EXISTS {tables.Internal}.{name}_view{tables.OnCluster} TO {tables.Database}.{name} AS
            SELECT tenant, stream, type, name, {bucket}(r.time) AS time, sum(r.count) AS count, sum(r.samples) AS samples, sum(r.sum) AS sum,
                min(r.min) AS min, max(r.max) AS max, {Tables.Quantiles}MergeState({Tables.Levels})(r.quantiles) AS quantiles, max(r.cut) AS cut_in
            FROM {tables.Internal}.rollup_in AS r WHERE bitAnd(targets, {(int)target}) != 0
            GROUP BY tenant, stream, type, name, time
            """;
    }

    /// <summary>One step.</summary>
    /// <param name="Version">From 1.</param>
    /// <param name="Name">What it makes.</param>
    /// <param name="Statements">Run in order.</param>
    internal sealed record Step(int Version, string Name, IReadOnlyList<string> Statements);
}
