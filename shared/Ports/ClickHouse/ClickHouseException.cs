namespace Millrace.Ports.ClickHouse;

/// <summary>A statement failed, or the server could not be reached.</summary>
/// <param name="code">ClickHouse's error code, see <see cref="Code"/>.</param>
/// <param name="retryable">Whether the same call may succeed later.</param>
/// <param name="message">ClickHouse's own text where it gave one.</param>
/// <param name="inner">The transport's failure, if that was it.</param>
public sealed class ClickHouseException(int code, bool retryable, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>ClickHouse's error code (62 SYNTAX_ERROR, 497 ACCESS_DENIED, …); 0 when the transport failed or the server gave none.</summary>
    public int Code { get; } = code;

    /// <summary>
    /// Whether the same call may succeed later: the transport failed, the server is starting, overloaded, out of memory or was told to stop.
    /// A retried insert needs a deduplication token.
    /// </summary>
    public bool Retryable { get; } = retryable;
}
