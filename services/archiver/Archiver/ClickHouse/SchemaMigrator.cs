using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Ports.ClickHouse;

namespace Millrace.Archiver.ClickHouse;

/// <summary>Brings ClickHouse's tables up to date, and their settings in line with the options. May be run again at any time.</summary>
internal sealed class SchemaMigrator(
    IClickHouse clickHouse, IOptions<ArchiverOptions> options, TimeProvider time, ILogger<SchemaMigrator> logger)
{
    private const string Migrations = Tables.Internal + ".schema_migrations";
    private const string Applied = Tables.Internal + ".schema_settings";

    /// <summary>Runs what has not been run.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await ExecuteAsync($"CREATE DATABASE IF NOT EXISTS {Tables.Database}", cancellationToken);
        await ExecuteAsync($"CREATE DATABASE IF NOT EXISTS {Tables.Internal}", cancellationToken);
        await ExecuteAsync(
            $"CREATE TABLE IF NOT EXISTS {Migrations} (version UInt32, name String, applied_at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY version",
            cancellationToken);
        await ExecuteAsync(
            $"CREATE TABLE IF NOT EXISTS {Applied} (name String, value String, applied_at DateTime64(3, 'UTC')) "
            + "ENGINE = ReplacingMergeTree(applied_at) ORDER BY name",
            cancellationToken);
        var newest = await NewestAsync(cancellationToken);
        foreach (var step in SchemaMigrations.All.Where(step => step.Version > newest))
        {
            foreach (var statement in step.Statements) await ExecuteAsync(statement, cancellationToken);
            await NoteAsync(Migrations, "version, name", "{first:UInt32}, {second:String}", $"{step.Version}", step.Name, cancellationToken);
            Log.MigrationDone(logger, step.Version, step.Name);
        }

        await ApplySettingsAsync(cancellationToken);
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
        clickHouse.ExecuteAsync(new ClickHouseQuery(sql), cancellationToken);

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
