using System.Collections.Frozen;

namespace Millrace.ClickHouse.Embedded.Engine;

/// <summary>What a tenant can name in SQL.</summary>
internal static class TenantTables
{
    /// <summary>The database of Millrace's tables, and the current one of every tenant.</summary>
    public const string Database = "millrace";

    /// <summary>The database of the views that stand for <c>system</c> and <c>information_schema</c>.</summary>
    public const string MetadataDatabase = "tenant_system";

    /// <summary>The tables with a column <c>tenant</c> of which a tenant sees its own rows.</summary>
    public static readonly FrozenSet<string> Tables = FrozenSet.Create("events", "rollup_1m", "rollup_1h", "rollup_1d");

    /// <summary>Tables of <c>system</c> that say the same to everybody and nothing about anybody.</summary>
    public static readonly FrozenSet<string> HarmlessSystemTables = FrozenSet.Create(
        "aggregate_function_combinators", "collations", "data_type_families", "formats", "functions", "keywords", "numbers", "numbers_mt", "one",
        "table_engines", "table_functions", "time_zones", "zeros", "zeros_mt");
}
