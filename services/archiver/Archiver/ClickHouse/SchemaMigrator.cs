using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Ports.ClickHouse;

namespace Millrace.Archiver.ClickHouse;

/// <summary>
/// Brings ClickHouse's tables up to date, and their settings in line with the options. May be run again at any time, and by several instances at once: every
/// statement may be repeated.
/// </summary>
internal sealed class SchemaMigrator(
    IClickHouse clickHouse, Tables tables, IOptions<ArchiverOptions> options, TimeProvider time, ILogger<SchemaMigrator> logger)
{
    // A replica that is away gets what it missed when it is back; waiting for it would let one broken server stop every archiver.
    private static readonly Dictionary<string, string> _onCluster = new()
    {
        ["distributed_ddl_output_mode"] = "null_status_on_timeout",
        ["distributed_ddl_task_timeout"] = "30",
    };

    private string Migrations => tables.Internal + ".schema_migrations";

    private string Applied => tables.Internal + ".schema_settings";

    /// <summary>What must be there before anything can be noted.</summary>
    internal IEnumerable<string> Foundations =>
    [
        $"CREATE DATABASE IF NOT EXISTS {tables.Database}{tables.OnCluster}",
        $"CREATE DATABASE IF NOT EXISTS {tables.Internal}{tables.OnCluster}",
        $"CREATE TABLE IF NOT EXISTS {Migrations}{tables.OnCluster} (version UInt32, name String, applied_at DateTime64(3, 'UTC')) ENGINE = {tables.Engine()} ORDER BY version",
        $"CREATE TABLE IF NOT EXISTS {Applied}{tables.OnCluster} (name String, value String, applied_at DateTime64(3, 'UTC')) "
            + $"ENGINE = {tables.Engine("Replacing", "applied_at")} ORDER BY name",
    ];

    /// <summary>Runs what has not been run.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Schema.Cluster is { } cluster) await VerifyOneShardAsync(cluster, cancellationToken);
        if (!await IsFoundedAsync(cancellationToken))
        {
            foreach (var statement in Foundations) await ExecuteAsync(statement, cancellationToken);
        }

        var newest = await NewestAsync(cancellationToken);
        foreach (var step in SchemaMigrations.For(tables).Where(step => step.Version > newest))
        {
            foreach (var statement in step.Statements) await ExecuteAsync(statement, cancellationToken);
            await NoteAsync(Migrations, "version, name", "{first:UInt32}, {second:String}", $"{step.Version}", step.Name, cancellationToken);
            Log.MigrationDone(logger, step.Version, step.Name);
        }

        await ApplySettingsAsync(cancellationToken);
    }

    private async Task VerifyOneShardAsync(string cluster, CancellationToken cancellationToken)
    {
        var rows = await ClickHouseRows.ReadAsync(
            clickHouse,
            new ClickHouseQuery("SELECT uniqExact(shard_num) FROM system.clusters WHERE cluster = {name:String}")
            {
                Parameters = new Dictionary<string, string> { ["name"] = cluster },
            },
            cancellationToken);
        // A name with macros is known to the server alone.
        if (cluster.Contains('{', StringComparison.Ordinal)) return;
        var shards = rows[0][0].AsInt64();
        if (shards != 1)
            throw new InvalidOperationException($"ClickHouse knows {shards} shards of the cluster '{cluster}'; Millrace's tables need a cluster of one, with any number of replicas.");
    }

    private async Task<bool> IsFoundedAsync(CancellationToken cancellationToken)
    {
        var rows = await ClickHouseRows.ReadAsync(
            clickHouse,
            new ClickHouseQuery("SELECT count() FROM system.tables WHERE database = {name:String} AND name = 'schema_settings'")
            {
                Parameters = new Dictionary<string, string> { ["name"] = tables.Internal },
            },
            cancellationToken);
        return rows[0][0].AsInt64() == 1;
    }

    private async Task<int> NewestAsync(CancellationToken cancellationToken)
    {
        var rows = await ClickHouseRows.ReadAsync(clickHouse, new ClickHouseQuery($"SELECT toInt64(max(version)) FROM {Migrations}"), cancellationToken);
        return (int)rows[0][0].AsInt64();
    }

    private async Task ApplySettingsAsync(CancellationToken cancellationToken)
    {
        var rows = await ClickHouseRows.ReadAsync(
            clickHouse, new ClickHouseQuery($"SELECT name, value FROM {Applied} FINAL"), cancellationToken);
        var applied = rows.ToDictionary(row => row[0].AsString(), row => row[1].AsString(), StringComparer.Ordinal);
        foreach (var (name, value, statement) in TableSettings.Of(options.Value))
        {
            // What was never set is as ClickHouse has it by default.
            var before = applied.GetValueOrDefault(name, TableSettings.Unset);
            if (before == value) continue;
            await ExecuteAsync(statement, cancellationToken);
            await NoteAsync(Applied, "name, value", "{first:String}, {second:String}", name, value, cancellationToken);
            Log.SettingApplied(logger, name, value);
        }
    }

    private Task ExecuteAsync(string sql, CancellationToken cancellationToken) =>
        clickHouse.ExecuteAsync(new ClickHouseQuery(sql) { Settings = tables.OnCluster.Length > 0 ? _onCluster : null }, cancellationToken);

    private Task NoteAsync(
        string table, string columns, string values, string first, string second, CancellationToken cancellationToken) =>
        clickHouse.ExecuteAsync(
            new ClickHouseQuery(
                $"INSERT INTO {table} ({columns}, applied_at) SELECT {values}, fromUnixTimestamp64Milli({{at:Int64}}, 'UTC')")
            {
                Parameters = new Dictionary<string, string>
                {
                    ["first"] = first,
                    ["second"] = second,
                    ["at"] = time.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture),
                },
            },
            cancellationToken);
}
