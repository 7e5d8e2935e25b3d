using System.Globalization;
using Millrace.ClickHouse.Embedded.Native;

namespace Millrace.ClickHouse.Embedded.Http;

/// <summary>The header with a statement's figures.</summary>
internal static class SummaryHeader
{
    /// <summary>Sets it.</summary>
    public static void Write(HttpResponse response, QueryStatistics statistics) =>
        response.Headers["X-ClickHouse-Summary"] = string.Create(CultureInfo.InvariantCulture,
            $$"""{"read_rows":"{{statistics.ReadRows}}","read_bytes":"{{statistics.ReadBytes}}","written_rows":"{{statistics.WrittenRows}}","written_bytes":"{{statistics.WrittenBytes}}","total_rows_to_read":"0","result_rows":"{{statistics.ResultRows}}","result_bytes":"{{statistics.ResultBytes}}","elapsed_ns":"{{(long)(statistics.Elapsed.TotalSeconds * 1e9)}}"}""");
}
