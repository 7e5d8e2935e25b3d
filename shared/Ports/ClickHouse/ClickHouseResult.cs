namespace Millrace.Ports.ClickHouse;

/// <summary>The rows of one query. Owned by the caller, used by one thread at a time.</summary>
/// <param name="body">The rows; disposing it ends the query.</param>
/// <param name="format">Their format.</param>
/// <param name="queryId">The query's name on the server.</param>
public sealed class ClickHouseResult(Stream body, string format, string queryId) : IAsyncDisposable
{
    /// <summary>
    /// The rows in <see cref="Format"/>. A read throws <see cref="ClickHouseException"/> when the query fails after its first rows: what was read until then is
    /// incomplete and must not be taken for the answer.
    /// </summary>
    public Stream Body { get; } = body;

    /// <summary>The format that the server used.</summary>
    public string Format { get; } = format;

    /// <summary>The query's name on the server.</summary>
    public string QueryId { get; } = queryId;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Body.DisposeAsync();
}
