namespace Millrace.Hosting.Incidents;

/// <summary>What incidents there are; <c>docs/protocols.md</c> describes each.</summary>
public static class IncidentKinds
{
    /// <summary>Ingest refuses requests because it has more to do than it can (503).</summary>
    public const string IngestOverload = "ingest_overload";

    /// <summary>The aggregator is behind and leaves out live windows; final windows stay exact.</summary>
    public const string AggregatorLag = "aggregator_lag";

    /// <summary>A feed of single events shows a sample.</summary>
    public const string FeedSampled = "feed_sampled";

    /// <summary>A part of the event log can't be read as it was written.</summary>
    public const string LogDamaged = "log_damaged";

    /// <summary>The event log takes no more records, as when its disk is full.</summary>
    public const string LogUnwritable = "log_unwritable";

    /// <summary>ClickHouse does not answer; events wait on the log.</summary>
    public const string ClickHouseAway = "clickhouse_away";

    /// <summary>The object store does not answer; events wait on the log.</summary>
    public const string ObjectsAway = "objects_away";

    /// <summary>The metadata database does not answer; known API keys are taken from memory.</summary>
    public const string MetadataAway = "metadata_away";

    /// <summary>A stream has more series than its limit; the rest are folded into <c>__other__</c>.</summary>
    public const string SeriesLimit = "series_limit";

    /// <summary>Aggregators that run side by side have different settings of lateness or duplicates.</summary>
    public const string RulesDiffer = "rules_differ";

    /// <summary>All of them: the set of values of the metric's label.</summary>
    public static IReadOnlyList<string> All { get; } =
        [IngestOverload, AggregatorLag, FeedSampled, LogDamaged, LogUnwritable, ClickHouseAway, ObjectsAway, MetadataAway, SeriesLimit, RulesDiffer];
}
