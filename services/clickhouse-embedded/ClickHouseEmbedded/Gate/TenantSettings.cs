using System.Collections.Frozen;
using System.Globalization;
using Millrace.ClickHouse.Embedded.Engine;
using Millrace.ClickHouse.Embedded.Native;

namespace Millrace.ClickHouse.Embedded.Gate;

/// <summary>
/// The settings that a tenant may give, in the URL or at the statement's end: how results are written, a few meanings of SQL, and tighter limits. No setting
/// that names a file, a schema or another server is among them (<c>output_format_schema</c>, for one, writes a file).
/// </summary>
internal static class TenantSettings
{
    /// <summary>What is allowed, for refusals.</summary>
    public const string Allowed =
        "Allowed are output formatting (output_format_json_*, output_format_csv_*, output_format_tsv_*, output_format_pretty_*, output_format_parquet_*, "
        + "output_format_arrow_*, output_format_native_*, output_format_binary_*, date_time_output_format, format_csv_delimiter, …), session_timezone, join_use_nulls, "
        + "extremes, and tighter limits (max_execution_time, max_result_rows, max_result_bytes, max_memory_usage, max_threads, max_rows_to_read).";

    private static readonly string[] _prefixes =
    [
        "output_format_json_", "output_format_csv_", "output_format_tsv_", "output_format_pretty_", "output_format_parquet_", "output_format_arrow_",
        "output_format_native_", "output_format_binary_", "output_format_values_", "output_format_markdown_", "output_format_xml_", "output_format_msgpack_",
        "output_format_decimal_", "output_format_float_", "output_format_orc_", "output_format_sql_insert_",
    ];

    private static readonly FrozenSet<string> _names = FrozenSet.Create(
        "output_format_write_statistics", "output_format_enable_streaming", "output_format_parallel_formatting", "date_time_output_format",
        "date_time_64_output_format_cut_trailing_zeros_align_to_groups_of_thousands", "interval_output_format", "format_csv_delimiter",
        "format_csv_null_representation", "format_tsv_null_representation", "format_csv_allow_single_quotes", "format_csv_allow_double_quotes",
        "format_binary_max_string_size", "bool_true_representation", "bool_false_representation", "session_timezone",
        "join_use_nulls", "group_by_use_nulls", "transform_null_in", "extremes", "totals_mode", "totals_auto_threshold", "max_block_size", "aggregate_functions_null_for_empty",
        "cast_keep_nullable", "prefer_column_name_to_alias", "result_overflow_mode", "read_overflow_mode", "group_by_overflow_mode", "sort_overflow_mode",
        "distinct_overflow_mode", "timeout_overflow_mode", "count_distinct_implementation", "union_default_mode", "intersect_default_mode",
        "except_default_mode", "joined_subquery_requires_alias", "asterisk_include_materialized_columns", "asterisk_include_alias_columns", "cross_to_inner_join_rewrite",
        "enable_unaligned_array_join", "enable_named_columns_in_function_tuple", "formatdatetime_f_prints_single_zero", "formatdatetime_parsedatetime_m_is_month_name",
        "use_client_time_zone", "do_not_merge_across_partitions_select_final", "final", "max_rows_to_read", "max_bytes_to_read", "max_rows_to_group_by", "max_rows_to_sort");

    /// <summary>Accepted and without effect: clients send them always, and a tenant's session has them settled.</summary>
    private static readonly FrozenSet<string> _ignored = FrozenSet.Create(
        "log_queries", "log_comment", "connect_timeout", "receive_timeout", "send_timeout", "http_receive_timeout", "http_send_timeout", "use_uncompressed_cache",
        "load_balancing", "max_insert_block_size", "insert_deduplicate", "allow_experimental_analyzer", "replace_running_query");

    /// <summary>The settings to apply, limits clamped to the tenant's.</summary>
    /// <exception cref="ChdbException">One is not allowed, or a limit is no number.</exception>
    public static List<KeyValuePair<string, string>> Admit(IEnumerable<KeyValuePair<string, string>> asked, TenantLimits limits)
    {
        var admitted = new List<KeyValuePair<string, string>>();
        foreach (var (name, value) in asked)
        {
            if (_ignored.Contains(name) || (name == "readonly" && value is "1" or "2")) continue;
            if (Limit(name, limits) is { } most) admitted.Add(new(name, Clamp(name, value, most)));
            else if (_names.Contains(name) || _prefixes.Any(p => name.StartsWith(p, StringComparison.Ordinal))) admitted.Add(new(name, value));
            else throw GateRefusal.Setting(name);
            if (!SettingsStatement.IsName(name)) throw GateRefusal.Setting(name);
        }
        return admitted;
    }

    private static double? Limit(string name, TenantLimits limits) => name switch
    {
        "max_execution_time" => limits.ExecutionTime.TotalSeconds,
        "max_result_rows" => limits.ResultRows,
        "max_result_bytes" => limits.ResultBytes,
        "max_memory_usage" => limits.MemoryBytes,
        "max_threads" => limits.Threads,
        _ => null,
    };

    /// <summary>ClickHouse reads 0 as no limit, so it stands for the tenant's own.</summary>
    private static string Clamp(string name, string value, double most)
    {
        if (!double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number) || number < 0)
            throw ChdbException.Of(ServerError.BadArguments, $"The setting {name} must be a number of 0 or more.");
        var clamped = number is 0 ? most : Math.Min(number, most);
        return (name == "max_execution_time" ? clamped : Math.Max(1, Math.Truncate(clamped))).ToString(CultureInfo.InvariantCulture);
    }
}
