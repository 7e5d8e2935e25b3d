using System.Collections.Frozen;

namespace Millrace.ClickHouse.Embedded.Engine;

/// <summary>
/// Views that stand for the tables of <c>system</c> and <c>information_schema</c> that BI tools ask for: the same columns, but only the tenants' tables, and no
/// sizes, counts or paths, which would tell one tenant about the others.
/// </summary>
internal static class MetadataViews
{
    /// <summary>View by the name of the table it stands for, in lower case.</summary>
    public static readonly FrozenDictionary<string, string> ByTable = new Dictionary<string, string>
    {
        ["system.tables"] = "tables",
        ["system.columns"] = "columns",
        ["system.databases"] = "databases",
        ["system.settings"] = "settings",
        ["information_schema.tables"] = "information_schema_tables",
        ["information_schema.columns"] = "information_schema_columns",
        ["information_schema.schemata"] = "information_schema_schemata",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The views' definitions, to be run at every start.</summary>
    public static IEnumerable<string> Statements()
    {
        yield return View("tables", $"""
            SELECT database, name, engine, is_temporary, CAST([] AS Array(String)) AS data_paths, '' AS metadata_path, metadata_modification_time,
                create_table_query, engine_full, as_select, partition_key, sorting_key, primary_key, sampling_key,
                CAST(NULL AS Nullable(UInt64)) AS total_rows, CAST(NULL AS Nullable(UInt64)) AS total_bytes, comment, has_own_data
            FROM system.tables WHERE {Ours("database", "name")}
            """);
        yield return View("columns", $"""
            SELECT database, table, name, type, position, default_kind, default_expression, comment, is_in_partition_key, is_in_sorting_key,
                is_in_primary_key, is_in_sampling_key, compression_codec, character_octet_length, numeric_precision, numeric_precision_radix,
                numeric_scale, datetime_precision
            FROM system.columns WHERE {Ours("database", "table")}
            """);
        yield return View("databases", $"SELECT name, engine, comment FROM system.databases WHERE name = '{TenantTables.Database}'");
        yield return View("settings", $"""
            SELECT name, value, changed, description, min, max, readonly, type, default, is_obsolete
            FROM system.settings WHERE name != '{TenantSeal.Setting}'
            """);
        yield return View("information_schema_tables", $"""
            SELECT table_catalog, table_schema, table_name, table_type, CAST(NULL AS Nullable(UInt64)) AS table_rows,
                CAST(NULL AS Nullable(UInt64)) AS data_length, table_collation, table_comment
            FROM information_schema.tables WHERE {Ours("table_schema", "table_name")}
            """);
        yield return View("information_schema_columns", $"""
            SELECT table_catalog, table_schema, table_name, column_name, ordinal_position, column_default, is_nullable, data_type,
                character_maximum_length, character_octet_length, numeric_precision, numeric_precision_radix, numeric_scale, datetime_precision,
                column_comment, column_type
            FROM information_schema.columns WHERE {Ours("table_schema", "table_name")}
            """);
        yield return View("information_schema_schemata", $"""
            SELECT catalog_name, schema_name, schema_owner FROM information_schema.schemata WHERE schema_name = '{TenantTables.Database}'
            """);
    }

    private static string View(string name, string select) => $"CREATE OR REPLACE VIEW {TenantTables.MetadataDatabase}.{name} AS {select}";

    private static string Ours(string database, string table) =>
        $"{database} = '{TenantTables.Database}' AND {table} IN ({string.Join(", ", TenantTables.Tables.Order().Select(t => $"'{t}'"))})";
}
