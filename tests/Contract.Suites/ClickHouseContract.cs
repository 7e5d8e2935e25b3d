using System.Text;
using Millrace.Ports.ClickHouse;
using Xunit;

namespace Millrace.Contract.Suites;

/// <summary>
/// What every <see cref="IClickHouse"/> must do, and what Millrace needs of the server behind it. An adapter's tests derive from it and say where the server is.
/// </summary>
public abstract partial class ClickHouseContract : IAsyncLifetime
{
    private const string EventsTable = """
        CREATE TABLE IF NOT EXISTS millrace.events (tenant LowCardinality(String), stream LowCardinality(String), id String, time DateTime64(3))
        ENGINE = MergeTree ORDER BY (tenant, stream, time)
        """;

    private IClickHouse? _server;

    /// <summary>The client under test, with full rights.</summary>
    protected IClickHouse Server => _server ?? throw new InvalidOperationException("There is no server.");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        _server = await ConnectAsync();
        await Server.ExecuteAsync(new ClickHouseQuery("CREATE DATABASE IF NOT EXISTS millrace"), Cancellation);
        await Server.ExecuteAsync(new ClickHouseQuery(EventsTable), Cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await CleanUpAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A client of a running server. Tests may share the server: each uses tables and tenants of its own.</summary>
    protected abstract ValueTask<IClickHouse> ConnectAsync();

    /// <summary>A client of a server that is not there.</summary>
    protected abstract IClickHouse ConnectNowhere();

    /// <summary>Makes a tenant known to the server, where the server must be told: a user and its row policies. By default nothing.</summary>
    protected virtual ValueTask AddTenantAsync(string tenant) => ValueTask.CompletedTask;

    /// <summary>Removes what the tests left.</summary>
    protected virtual ValueTask CleanUpAsync() => ValueTask.CompletedTask;

    /// <summary>A table of the test's own: <c>n UInt64, s String</c>, with a deduplication window.</summary>
    protected async Task<string> CreateTableAsync()
    {
        var table = $"millrace.contract_{Guid.NewGuid():N}";
        await Server.ExecuteAsync(
            new ClickHouseQuery($"CREATE TABLE {table} (n UInt64, s String) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100"), Cancellation);
        return table;
    }

    /// <summary>The result of a query as text, without the closing line break.</summary>
    protected async Task<string> ReadAsync(ClickHouseQuery query)
    {
        await using var result = await Server.QueryAsync(query, Cancellation);
        using var reader = new StreamReader(result.Body, Encoding.UTF8);
        return (await reader.ReadToEndAsync(Cancellation)).TrimEnd('\n');
    }

    /// <summary>The result of a query in tab-separated lines.</summary>
    protected Task<string> ReadAsync(string sql) => ReadAsync(new ClickHouseQuery(sql) { Format = "TSV" });

    private Task<string> SumAsync(string table) => ReadAsync($"SELECT count(), sum(n) FROM {table}");
}
