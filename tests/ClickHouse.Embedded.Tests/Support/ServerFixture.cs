using Millrace.Testing;

namespace Millrace.ClickHouse.Embedded.Tests.Support;

/// <summary>One server for all tests that only talk to it, with Millrace's tables and rows of two tenants.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private ServerProcess? _server;

    internal ServerProcess Server => _server ?? throw new InvalidOperationException("There is no server.");

    internal ClickHouseHttp Administrator { get; private set; } = null!;

    internal ClickHouseHttp Alice { get; private set; } = null!;

    internal ClickHouseHttp Bob { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.StartAsync(_directory.Path, "--max-memory", "2000000000", "--tenant-max-seconds", "5", "--tenant-max-memory", "200000000");
        Administrator = _server.Administrator();
        Alice = _server.Tenant("alice");
        Bob = _server.Tenant("bob");
        foreach (var table in new[] { "events", "rollup_1m", "rollup_1h", "rollup_1d" })
        {
            await Administrator.QueryAsync($"""
                CREATE TABLE millrace.{table} (tenant LowCardinality(String), stream LowCardinality(String), id String, time DateTime64(3),
                    values Map(LowCardinality(String), Float64), data String) ENGINE = MergeTree ORDER BY (tenant, stream, time)
                """);
            await Administrator.QueryAsync($"""
                INSERT INTO millrace.{table} SELECT 'alice', 'shop', concat('alice-', toString(number)), toDateTime64('2026-01-01 00:00:00', 3) + number, map('amount', number), 'alices secret'
                FROM numbers(100)
                """);
            await Administrator.QueryAsync($"""
                INSERT INTO millrace.{table} SELECT 'bob', 'shop', concat('bob-', toString(number)), toDateTime64('2026-01-01 00:00:00', 3) + number, map('amount', number), 'bobs secret'
                FROM numbers(30)
                """);
        }
        await Administrator.QueryAsync("CREATE TABLE millrace.internal (note String) ENGINE = MergeTree ORDER BY note");
        await Administrator.QueryAsync("INSERT INTO millrace.internal VALUES ('internal secret')");
        await Administrator.QueryAsync("CREATE VIEW millrace.peek AS SELECT * FROM millrace.events");
        await Administrator.QueryAsync("CREATE VIEW millrace.peek_by AS SELECT * FROM millrace.events WHERE tenant = {t:String}");
        await Administrator.QueryAsync("CREATE DATABASE other");
        await Administrator.QueryAsync("CREATE TABLE other.notes ENGINE = MergeTree ORDER BY tuple() AS SELECT 'internal secret' AS note");
        await Administrator.QueryAsync("""
            CREATE DICTIONARY other.words (id UInt64, note String) PRIMARY KEY id SOURCE(CLICKHOUSE(QUERY 'SELECT 1 AS id, note FROM other.notes')) LAYOUT(FLAT()) LIFETIME(0)
            """);
        await Administrator.QueryAsync("CREATE FUNCTION peekaboo AS (x) -> file(x)");
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _directory.Dispose();
    }
}

[CollectionDefinition(Name)]
public sealed class ServerCollection : ICollectionFixture<ServerFixture>
{
    public const string Name = "server";
}
