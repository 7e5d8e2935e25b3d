using Millrace.Archiver.Blocks;

namespace Millrace.Archiver.ClickHouse;

/// <summary>Names and engines of the tables, as the options want them.</summary>
internal sealed class Tables(SchemaOptions options)
{
    /// <summary>
    /// The mergeable quantile function of the rollups: exact ranks over values rounded to 8 significant bits (at most 0.8 % below the truth), so
    /// a state is no larger than its distinct values, and merging in any order gives the same answer.
    /// </summary>
    public const string Quantiles = "quantilesBFloat16";

    /// <summary>The levels that are kept by default; a merge may ask for others.</summary>
    public const string Levels = "0.5, 0.95, 0.99";

    /// <summary>The database that people query.</summary>
    public string Database { get; } = options.Database;

    /// <summary>The database of what stands before those tables: entrances without storage, views, the record of migrations.</summary>
    public string Internal { get; } = options.Database + "_archiver";

    /// <summary>The entrance: a block that is inserted here flows to the events and the rollups.</summary>
    public string Entrance => Internal + ".events_in";

    /// <summary>The tables that a block ends in, with their bit in <see cref="Target"/>.</summary>
    public IReadOnlyList<(Target Target, string Name)> Targets { get; } =
    [
        (Target.Events, options.Database + ".events"), (Target.Minute, options.Database + ".rollup_1m"), (Target.Hour, options.Database + ".rollup_1h"),
        (Target.Day, options.Database + ".rollup_1d"),
    ];

    /// <summary>What a statement that changes the schema says after the name of its object: on which servers; with a blank before it, or nothing.</summary>
    public string OnCluster { get; } = options.Cluster is { } cluster ? $" ON CLUSTER {Sql.Text(cluster)}" : "";

    /// <summary>Whether tables are replicated: a token is then noted in the same step in which its part is published.</summary>
    public bool IsReplicated => options.Replicated;

    // Blocks of the last 10,000 inserts of a table: with four partitions and a cut a second, forty minutes. A Keeper keeps them for a week at most.
    /// <summary>The settings that make deduplication tokens count.</summary>
    public string Deduplication { get; } = options.Replicated
        ? "replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800"
        : "non_replicated_deduplication_window = 10000";

    /// <summary>Where queries of all servers are found.</summary>
    public string Processes { get; } = options.Cluster is { } cluster ? $"clusterAllReplicas({Sql.Text(cluster)}, system.processes)" : "system.processes";

    /// <summary>An engine of the MergeTree family.</summary>
    /// <param name="kind">What stands before <c>MergeTree</c>.</param>
    /// <param name="argument">Its own argument, if any.</param>
    public string Engine(string kind = "", string? argument = null)
    {
        string[] place = options is { Replicated: true, ReplicaPath: { } path, ReplicaName: { } name } ? [Sql.Text(path), Sql.Text(name)] : [];
        string[] arguments = argument is null ? place : [.. place, argument];
        return $"{(options.Replicated ? "Replicated" : "")}{kind}MergeTree{(arguments.Length > 0 ? $"({string.Join(", ", arguments)})" : "")}";
    }

    /// <summary>A value within what the quantile function can hold: the range of single precision.</summary>
    public static string Clamped(string value) => $"clamp({value}, -3.3e38, 3.3e38)";
}
