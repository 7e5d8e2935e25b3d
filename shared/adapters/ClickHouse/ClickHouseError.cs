using System.Text.RegularExpressions;
using Millrace.Ports.ClickHouse;

namespace Millrace.Adapters.ClickHouse;

/// <summary>What ClickHouse's error codes mean for a caller.</summary>
internal static partial class ClickHouseError
{
    // Codes of ClickHouse's ErrorCodes: what passes by itself, or with less load, or on another replica.
    private static readonly HashSet<int> _passing =
    [
        159, // TIMEOUT_EXCEEDED
        160, // TOO_SLOW
        198, // DNS_ERROR
        202, // TOO_MANY_SIMULTANEOUS_QUERIES
        209, // SOCKET_TIMEOUT
        210, // NETWORK_ERROR
        216, // QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING
        225, // NO_ZOOKEEPER
        236, // ABORTED
        241, // MEMORY_LIMIT_EXCEEDED
        242, // TABLE_IS_READ_ONLY
        243, // NOT_ENOUGH_SPACE
        252, // TOO_MANY_PARTS
        285, // TOO_FEW_LIVE_REPLICAS
        286, // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
        319, // UNKNOWN_STATUS_OF_INSERT
        394, // QUERY_WAS_CANCELLED
        425, // SYSTEM_ERROR
        439, // CANNOT_SCHEDULE_TASK
        473, // DEADLOCK_AVOIDED
        999, // KEEPER_EXCEPTION
    ];

    public static ClickHouseException Create(int code, string text, bool passing = false, Exception? inner = null) =>
        new(code, passing || _passing.Contains(code), text, inner);

    /// <summary>Whether another replica may well do what this one can't: it has lost its Keeper, or is read-only.</summary>
    public static bool IsOfThisServer(int code) => code is 225 or 242 or 999;

    /// <summary>The code in a text such as "Code: 62. DB::Exception: …"; 0 when there is none.</summary>
    public static int CodeIn(string text) => CodePattern().Match(text) is { Success: true } match ? int.Parse(match.Groups[1].Value) : 0;

    [GeneratedRegex(@"Code: (\d{1,6})\.")]
    private static partial Regex CodePattern();
}
