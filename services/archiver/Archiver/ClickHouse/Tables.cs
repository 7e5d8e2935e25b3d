using Millrace.Archiver.Blocks;

namespace Millrace.Archiver.ClickHouse;

/// <summary>Names of the tables.</summary>
internal static class Tables
{
    /// <summary>The database that people query.</summary>
    public const string Database = "millrace";

    /// <summary>The database of what stands before those tables: entrances without storage, views, the record of migrations.</summary>
    public const string Internal = "millrace_archiver";

    /// <summary>The entrance: a block that is inserted here flows to the events and the rollups.</summary>
    public const string Entrance = Internal + ".events_in";

    /// <summary>The tables that a block ends in, with their bit in <see cref="Target"/>.</summary>
    public static readonly IReadOnlyList<(Target Target, string Name)> Targets =
    [
        (Target.Events, Database + ".events"), (Target.Minute, Database + ".rollup_1m"), (Target.Hour, Database + ".rollup_1h"),
        (Target.Day, Database + ".rollup_1d"),
    ];

    /// <summary>
    /// The mergeable quantile function of the rollups: exact ranks over values rounded to 8 significant bits (at most 0.8 % below the truth), so
    /// a state is no larger than its distinct values, and merging in any order gives the same answer.
    /// </summary>
    public const string Quantiles = "quantilesBFloat16";

    /// <summary>The levels that are kept by default; a merge may ask for others.</summary>
    public const string Levels = "0.5, 0.95, 0.99";

    /// <summary>A value within what the quantile function can hold: the range of single precision.</summary>
    public static string Clamped(string value) => $"clamp({value}, -3.3e38, 3.3e38)";
}
