using System.Collections.Frozen;
using Millrace.ClickHouse.Embedded.Native;
using Millrace.ClickHouse.Embedded.Gate;

namespace Millrace.ClickHouse.Embedded.Http;

/// <summary>Names of formats.</summary>
internal static class Formats
{
    /// <summary>Output formats that need no schema, no template and no other server.</summary>
    private static readonly FrozenSet<string> _tenants = FrozenSet.ToFrozenSet(
        [
            "TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "TabSeparatedWithNames", "TSVWithNames", "TabSeparatedWithNamesAndTypes", "TSVWithNamesAndTypes",
            "TabSeparatedRawWithNames", "TSVRawWithNames", "TabSeparatedRawWithNamesAndTypes", "TSVRawWithNamesAndTypes", "CSV", "CSVWithNames", "CSVWithNamesAndTypes",
            "Values", "Vertical", "JSON", "JSONStrings", "JSONCompact", "JSONCompactStrings", "JSONColumns", "JSONColumnsWithMetadata", "JSONCompactColumns",
            "JSONEachRow", "JSONLines", "NDJSON", "PrettyJSONEachRow", "JSONEachRowWithProgress", "JSONStringsEachRow", "JSONStringsEachRowWithProgress",
            "JSONCompactEachRow", "JSONCompactEachRowWithNames", "JSONCompactEachRowWithNamesAndTypes", "JSONCompactEachRowWithProgress", "JSONCompactStringsEachRow",
            "JSONCompactStringsEachRowWithNames", "JSONCompactStringsEachRowWithNamesAndTypes", "JSONCompactStringsEachRowWithProgress", "JSONObjectEachRow",
            "BSONEachRow", "TSKV", "Pretty", "PrettyNoEscapes", "PrettyMonoBlock", "PrettyCompact", "PrettyCompactNoEscapes", "PrettyCompactMonoBlock", "PrettySpace",
            "PrettySpaceNoEscapes", "Avro", "Parquet", "Arrow", "ArrowStream", "ORC", "Npy", "RowBinary", "RowBinaryWithNames", "RowBinaryWithNamesAndTypes",
            "RowBinaryWithDefaults", "Native", "Null", "XML", "LineAsString", "RawBLOB", "RawBlob", "MsgPack", "Markdown", "SQLInsert", "Prometheus", "Hash",
        ],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>A format of a tenant's result.</summary>
    /// <exception cref="ChdbException">It is not among those that a tenant may have.</exception>
    public static string ForTenant(string name) => _tenants.Contains(name) ? name : throw GateRefusal.Of($"The format '{name}' is not allowed.");

    /// <summary>A name that can stand in a statement as it is.</summary>
    /// <exception cref="ChdbException">It is no name.</exception>
    public static string Known(string name) =>
        name.Length is > 0 and <= 64 && name.All(char.IsAsciiLetterOrDigit) ? name : throw ChdbException.Of(ServerError.UnknownFormat, $"Unknown format {name}.");
}
