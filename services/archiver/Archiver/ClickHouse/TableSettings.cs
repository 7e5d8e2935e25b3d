using System.Globalization;

namespace Millrace.Archiver.ClickHouse;

/// <summary>The settings of the tables that follow from the options: durability and retention.</summary>
internal static class TableSettings
{
    /// <summary>What stands for a setting that was never applied.</summary>
    public const string Unset = "";

    /// <summary>Each setting with the value that is noted once its statement was run.</summary>
    public static IEnumerable<(string Name, string Value, string Statement)> Of(ArchiverOptions options)
    {
        var tables = new Tables(options.Schema);
        var sync = options.SyncParts ? "1" : "0";
        foreach (var (_, table) in tables.Targets)
        {
            yield return (
                $"{table} sync", options.SyncParts ? sync : Unset,
                $"ALTER TABLE {table}{tables.OnCluster} MODIFY SETTING fsync_after_insert = {sync}, fsync_part_directory = {sync}");
        }

        var retention = options.Retention;
        string?[] ttls = [Events(retention), Days(retention.MinuteDays), Days(retention.HourDays), Days(retention.DayDays)];
        for (var i = 0; i < ttls.Length; i++)
        {
            var table = tables.Targets[i].Name;
            yield return (
                $"{table} ttl", ttls[i] ?? Unset,
                ttls[i] is { } ttl ? $"ALTER TABLE {table}{tables.OnCluster} MODIFY TTL {ttl}" : $"ALTER TABLE {table}{tables.OnCluster} REMOVE TTL");
        }
    }

    private static string? Days(int? days) => days is { } kept ? $"toDateTime(time) + toIntervalDay({Number(kept)})" : null;

    // A tenant's own days in one expression over the row. Who has none, where there is no default, is kept for a hundred years.
    private static string? Events(RetentionOptions retention)
    {
        if (retention.TenantEventsDays.Count == 0) return Days(retention.EventsDays);
        var own = retention.TenantEventsDays.OrderBy(entry => entry.Key, StringComparer.Ordinal).ToList();
        var tenants = string.Join(", ", own.Select(entry => Sql.Text(entry.Key)));
        var days = string.Join(", ", own.Select(entry => Number(entry.Value)));
        return $"toDateTime(time) + toIntervalDay(transform(toString(tenant), [{tenants}], [{days}], {Number(retention.EventsDays ?? 36_500)}))";
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
