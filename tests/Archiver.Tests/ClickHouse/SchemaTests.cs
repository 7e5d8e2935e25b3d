using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Millrace.Archiver.ClickHouse;
using Millrace.Archiver.Tests.Support;
using Millrace.Ports.ClickHouse;
using Xunit;

namespace Millrace.Archiver.Tests.ClickHouse;

/// <summary>
/// The schema on a server and on a cluster. The embedded engine has no Keeper and no other servers, so those statements are read by its parser, and compared with
/// the ones that it can run.
/// </summary>
public sealed class SchemaTests(ClickHouseFixture fixture)
{
    private static readonly SchemaOptions _cluster = new()
    {
        Cluster = "main-1",
        Replicated = true,
        ReplicaPath = "/clickhouse/tables/{shard}/{database}/{table}",
        ReplicaName = "{replica}",
        InsertQuorum = 2,
    };

    public static TheoryData<SchemaOptions> Variants =>
    [
        new SchemaOptions { Replicated = true }, new SchemaOptions { Replicated = true, Cluster = "{cluster}", Database = "analytics" }, _cluster,
    ];

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task Statements_for_a_cluster_are_understood_and_mean_the_same_tables(SchemaOptions schema)
    {
        var plain = Statements(new SchemaOptions { Database = schema.Database });
        var clustered = Statements(schema);
        Assert.Equal(plain.Count, clustered.Count);
        foreach (var (one, other) in plain.Zip(clustered))
        {
            await fixture.ParseAsync(other);
            Assert.Equal(one, Plain(other, schema));
            Assert.Equal(schema.Cluster is not null, other.Contains($" ON CLUSTER '{schema.Cluster}'", StringComparison.Ordinal));
            // Nothing is kept that would not be replicated.
            if (other.Contains("MergeTree", StringComparison.Ordinal)) Assert.Matches("ENGINE = Replicated(Aggregating|Replacing)?MergeTree", other);
        }
    }

    [Theory]
    [InlineData("acme", "acme")]
    [InlineData("it's `odd`\\", "a'; DROP USER default; --")]
    public async Task Statements_about_users_are_understood_whatever_the_names(string user, string tenant)
    {
        foreach (var schema in (SchemaOptions[])[new SchemaOptions(), _cluster])
        {
            var options = new ArchiverOptions { Schema = schema, BiUsers = new BiUserOptions { MayChangeSettings = true } };
            var statements = new AccessStatements(new Tables(schema), options);
            var hash = new string('a', 64);
            List<string> all = [.. statements.Shared(user), .. statements.Make(user, tenant, AccessStatements.BiProfile, hash), .. statements.Remove(user)];
            foreach (var statement in all)
            {
                await fixture.ParseAsync(statement);
                Assert.Equal(schema.Cluster is not null, statement.Contains(" ON CLUSTER 'main-1'", StringComparison.Ordinal));
            }

            Assert.All(all.Where(statement => statement.StartsWith("GRANT", StringComparison.Ordinal) && statement.Contains("SELECT", StringComparison.Ordinal)), statement =>
                Assert.Matches(@"SELECT ON millrace\.(events|rollup_1[mhd]) TO millrace_tenant$", statement));
        }
    }

    [Fact]
    public async Task Lookups_on_a_cluster_are_understood()
    {
        var tables = new Tables(_cluster);
        await fixture.ParseAsync($"SELECT count() FROM {tables.Processes} WHERE query_kind = 'Insert'");
        await fixture.ParseAsync($"KILL QUERY{tables.OnCluster} WHERE query_kind = 'Insert' ASYNC");
        await fixture.ParseAsync("SYSTEM SYNC REPLICA millrace.events LIGHTWEIGHT");
        foreach (var (_, _, statement) in TableSettings.Of(new ArchiverOptions { Schema = _cluster, Retention = new RetentionOptions { EventsDays = 3 } }))
        {
            await fixture.ParseAsync(statement);
            Assert.Contains(" ON CLUSTER 'main-1' ", statement, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Migrations_run_by_several_at_once_and_again_leave_one_schema()
    {
        var options = Options.Create(new ArchiverOptions { Schema = new SchemaOptions { Database = "several" }, Retention = new RetentionOptions { EventsDays = 30 } });
        var migrators = Enumerable.Range(0, 4).Select(_ =>
            new SchemaMigrator(fixture.ClickHouse, new Tables(options.Value.Schema), options, TimeProvider.System, NullLogger<SchemaMigrator>.Instance)).ToList();

        await Task.WhenAll(migrators.Select(migrator => migrator.RunAsync(CancellationToken.None)));
        await migrators[0].RunAsync(CancellationToken.None);

        Assert.Equal("4", await fixture.ScalarAsync("SELECT toString(count()) FROM system.tables WHERE database = 'several'"));
        Assert.Equal("3", await fixture.ScalarAsync("SELECT toString(max(version)) FROM several_archiver.schema_migrations"));
        Assert.Contains("toIntervalDay(30)", await fixture.ScalarAsync("SELECT engine_full FROM system.tables WHERE database = 'several' AND name = 'events'"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrations_of_tables_with_rows_keep_them_and_count_late_events_from_then_on()
    {
        var options = Options.Create(new ArchiverOptions { Schema = new SchemaOptions { Database = "older" }, SyncParts = false });
        var tables = new Tables(options.Value.Schema);
        var migrator = new SchemaMigrator(fixture.ClickHouse, tables, options, TimeProvider.System, NullLogger<SchemaMigrator>.Instance);
        foreach (var statement in migrator.Foundations.Concat(SchemaMigrations.For(tables).Take(2).SelectMany(step => step.Statements)))
            await fixture.ClickHouse.ExecuteAsync(new ClickHouseQuery(statement), CancellationToken.None);
        const string before = "INSERT INTO older_archiver.events_in (tenant, stream, type, id, time, values, cut, targets) SELECT 'acme', 'shop', 'view'";
        const string values = "toDateTime64('2026-07-01 10:00:00', 3, 'UTC'), map('amount', 2.), 1, 15";
        await fixture.ClickHouse.ExecuteAsync(new ClickHouseQuery($"{before}, 'before', {values}"), CancellationToken.None);

        await migrator.RunAsync(CancellationToken.None);
        // An archiver of the version before may still run beside.
        await fixture.ClickHouse.ExecuteAsync(new ClickHouseQuery($"{before}, 'beside', {values}"), CancellationToken.None);
        await fixture.ClickHouse.ExecuteAsync(
            new ClickHouseQuery($"INSERT INTO older_archiver.events_in (tenant, stream, type, id, time, values, cut, targets, late) SELECT 'acme', 'shop', 'view', 'after', {values}, true"),
            CancellationToken.None);

        Assert.Equal(["after 1", "before 0", "beside 0"], await fixture.RowsAsync("SELECT id, toUInt8(late) FROM older.events ORDER BY id"));
        foreach (var table in (string[])["rollup_1m", "rollup_1h", "rollup_1d"])
            Assert.Equal(["3 1 6"], await fixture.RowsAsync($"SELECT sum(count), sum(late), sum(sum) FROM older.{table}"));
    }

    private List<string> Statements(SchemaOptions schema)
    {
        var tables = new Tables(schema);
        var options = Options.Create(new ArchiverOptions { Schema = schema });
        var migrator = new SchemaMigrator(fixture.ClickHouse, tables, options, TimeProvider.System, NullLogger<SchemaMigrator>.Instance);
        return [.. migrator.Foundations, .. SchemaMigrations.For(tables).SelectMany(step => step.Statements)];
    }

    private static string Plain(string statement, SchemaOptions schema) => statement
        .Replace($" ON CLUSTER '{schema.Cluster}'", "", StringComparison.Ordinal)
        .Replace($"('{schema.ReplicaPath}', '{schema.ReplicaName}')", "", StringComparison.Ordinal)
        .Replace($"('{schema.ReplicaPath}', '{schema.ReplicaName}', ", "(", StringComparison.Ordinal)
        .Replace("ENGINE = Replicated", "ENGINE = ", StringComparison.Ordinal)
        .Replace(new Tables(schema).Deduplication, new Tables(new SchemaOptions()).Deduplication, StringComparison.Ordinal);
}
