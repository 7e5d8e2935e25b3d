using System.Text.RegularExpressions;
using Millrace.Contracts.Errors;
using Millrace.Ports.ClickHouse;

namespace Millrace.Archiver.Api;

/// <summary>What ClickHouse's errors are to a client of ours. The numbers are those of ClickHouse's <c>ErrorCodes.cpp</c>.</summary>
internal static partial class QueryErrors
{
    /// <summary>The problem, and its detail: ClickHouse's own words where the statement is at fault.</summary>
    public static (ErrorCode Error, string Detail) Of(ClickHouseException exception) => exception.Code switch
    {
        // TIMEOUT_EXCEEDED, TOO_SLOW
        159 or 160 => (ErrorCodes.QueryTimeout, Text(exception)),
        // TOO_MANY_ROWS, SET_SIZE_LIMIT_EXCEEDED, MEMORY_LIMIT_EXCEEDED, TOO_MANY_BYTES, TOO_MANY_ROWS_OR_BYTES
        158 or 191 or 241 or 307 or 396 => (ErrorCodes.QueryTooLarge, Text(exception)),
        // READONLY, ACCESS_DENIED, DATABASE_ACCESS_DENIED, QUERY_IS_PROHIBITED, FUNCTION_NOT_ALLOWED
        164 or 497 or 291 or 392 or 446 => (ErrorCodes.QueryRefused, Text(exception)),
        // TOO_MANY_SIMULTANEOUS_QUERIES
        202 => (ErrorCodes.Overloaded, "ClickHouse has too many queries at a time."),
        0 => (ErrorCodes.Unavailable, "ClickHouse does not answer."),
        _ when exception.Retryable => (ErrorCodes.Unavailable, "ClickHouse can't answer now."),
        _ => (ErrorCodes.QueryFailed, Text(exception)),
    };

    private static string Text(ClickHouseException exception) => Version().Replace(exception.Message, "").Trim();

    // The server's version is nobody's business.
    [GeneratedRegex(@" ?\(version [^)]*\)+", RegexOptions.CultureInvariant)]
    private static partial Regex Version();
}
