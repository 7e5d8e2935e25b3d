namespace Millrace.ClickHouse.Embedded.Http;

/// <summary>Content-Type by ClickHouse's format.</summary>
internal static class ContentTypes
{
    /// <summary>The type of a format.</summary>
    public static string Of(string format)
    {
        if (format.StartsWith("JSON", StringComparison.Ordinal))
            return format.Contains("EachRow", StringComparison.Ordinal) ? "application/x-ndjson; charset=UTF-8" : "application/json; charset=UTF-8";
        if (format.StartsWith("CSV", StringComparison.Ordinal))
            return format == "CSV" ? "text/csv; charset=UTF-8; header=absent" : "text/csv; charset=UTF-8; header=present";
        if (format.StartsWith("TabSeparated", StringComparison.Ordinal) || format.StartsWith("TSV", StringComparison.Ordinal)) return "text/tab-separated-values; charset=UTF-8";
        return format switch
        {
            "XML" => "application/xml; charset=UTF-8",
            "Markdown" => "text/markdown; charset=UTF-8",
            "Parquet" or "ORC" or "Avro" or "Arrow" or "ArrowStream" or "Native" or "RowBinary" or "RowBinaryWithNames" or "RowBinaryWithNamesAndTypes" or "MsgPack"
                or "BSONEachRow" or "Npy" => "application/octet-stream",
            _ => "text/plain; charset=UTF-8",
        };
    }
}
