using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Archiver.Blocks;
using Millrace.Archiver.ClickHouse;
using Millrace.Archiver.Objects;
using Millrace.Ports.ClickHouse;

namespace Millrace.Archiver.Replays;

/// <summary>
/// The tables aside: a database with the whole schema, of this replay alone, filled by the same sink as the real one. What stands in it is what ClickHouse
/// would have if it had got nothing but the replayed events.
/// </summary>
internal sealed class ReplayStage
{
    private const int WeekDays = 7;
    private readonly IClickHouse _clickHouse;
    private readonly Tables _live;
    private readonly Tables _aside;

    /// <summary>Names the tables; makes nothing.</summary>
    public ReplayStage(IClickHouse clickHouse, Tables live, string name, SchemaWorker schema, IOptions<ArchiverOptions> options, TimeProvider time, ILoggerFactory loggers)
    {
        _clickHouse = clickHouse;
        _live = live;
        // Never replicated: nobody reads it, and ClickHouse attaches its partitions to replicated tables all the same.
        _aside = new Tables(new SchemaOptions { Database = $"{live.Database}_replay_{name}" });
        var inspector = new CutInspector(clickHouse, _aside, time, loggers.CreateLogger<CutInspector>());
        Sink = new ClickHouseSink(clickHouse, _aside, schema, inspector, options, loggers.CreateLogger<ClickHouseSink>());
    }

    /// <summary>Writes into them.</summary>
    public ClickHouseSink Sink { get; }

    /// <summary>Makes them where they are missing.</summary>
    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        await ExecuteAsync($"CREATE DATABASE IF NOT EXISTS {_aside.Database}", cancellationToken);
        await ExecuteAsync($"CREATE DATABASE IF NOT EXISTS {_aside.Internal}", cancellationToken);
        foreach (var statement in SchemaMigrations.For(_aside).SelectMany(step => step.Statements)) await ExecuteAsync(statement, cancellationToken);
    }

    /// <summary>Removes them.</summary>
    public async Task DropAsync(CancellationToken cancellationToken)
    {
        await ExecuteAsync($"DROP DATABASE IF EXISTS {_aside.Internal}", cancellationToken);
        await ExecuteAsync($"DROP DATABASE IF EXISTS {_aside.Database}", cancellationToken);
    }

    /// <summary>
    /// Puts the rollups in place, week by week: a copy of the week in which the selection's rows are those from aside takes the place of the week in one step,
    /// so a reader sees the old rows or the new ones, and never both or none.
    /// </summary>
    /// <param name="selection">Whole days.</param>
    /// <param name="confirm">Called before each step that cannot be taken back.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>Rows that were put in place.</returns>
    public async Task<long> ReplaceRollupsAsync(ArchiveSelection selection, Func<Task> confirm, CancellationToken cancellationToken)
    {
        var applied = 0L;
        foreach (var (target, live) in _live.Targets.Where(entry => entry.Target != Target.Events))
        {
            var aside = _aside.Targets.Single(entry => entry.Target == target).Name;
            var expected = await NumberAsync($"SELECT toInt64(sum(count)) FROM {aside}", cancellationToken);
            var found = 0L;
            foreach (var week in Weeks(selection))
            {
                var next = aside + "_next";
                await ExecuteAsync($"DROP TABLE IF EXISTS {next}", cancellationToken);
                await ExecuteAsync($"CREATE TABLE {next} AS {aside}", cancellationToken);
                if (await HasAsync(live, week, cancellationToken))
                {
                    await ExecuteAsync($"ALTER TABLE {next} ATTACH PARTITION {week} FROM {live}", cancellationToken);
                    await ExecuteAsync($"ALTER TABLE {next} DELETE WHERE {Where(selection)} SETTINGS mutations_sync = 2", cancellationToken);
                }

                if (await HasAsync(aside, week, cancellationToken)) await ExecuteAsync($"ALTER TABLE {next} ATTACH PARTITION {week} FROM {aside}", cancellationToken);
                found += await NumberAsync($"SELECT toInt64(sum(count)) FROM {next} WHERE {Where(selection)}", cancellationToken);
                applied += await NumberAsync($"SELECT toInt64(count()) FROM {next} WHERE {Where(selection)}", cancellationToken);
                if (found > expected) throw new InvalidOperationException($"{next} holds {found} events of the selection in place of {expected}.");
                await confirm();
                if (await HasAsync(next, week, cancellationToken)) await ExecuteAsync($"ALTER TABLE {live} REPLACE PARTITION {week} FROM {next}", cancellationToken);
                else if (await HasAsync(live, week, cancellationToken)) await ExecuteAsync($"ALTER TABLE {live} DROP PARTITION {week}", cancellationToken);
                await ExecuteAsync($"DROP TABLE {next}", cancellationToken);
            }

            if (found != expected) throw new InvalidOperationException($"{live} got {found} events of the selection in place of {expected}.");
        }

        return applied;
    }

    /// <summary>Inserts the events that the real table lacks, day by day; the rollups are left alone.</summary>
    /// <returns>How many these were.</returns>
    public async Task<long> FillEventsAsync(ArchiveSelection selection, Func<Task> confirm, CancellationToken cancellationToken)
    {
        const string Identity = "stream, type, source, id, time, received_at";
        var columns = string.Join(", ", EventColumns.All.Where(column => column.Name is not (EventColumns.Cut or EventColumns.Targets)).Select(column => column.Name));
        var (live, aside) = (_live.Database + ".events", _aside.Database + ".events");
        var filled = 0L;
        for (var from = selection.From; from < selection.To; from = from.AddDays(1))
        {
            var day = selection with { From = from, To = from.AddDays(1) < selection.To ? from.AddDays(1) : selection.To };
            var missing = $"FROM {aside} WHERE {Where(day)} AND ({Identity}) NOT IN (SELECT {Identity} FROM {live} WHERE {Where(day)})";
            var rows = await NumberAsync($"SELECT toInt64(count()) {missing}", cancellationToken);
            if (rows == 0) continue;
            await confirm();
            // What is inserted is what is missing, so it is its own safeguard against doubling; a token would be remembered beyond a later loss.
            await ExecuteAsync($"INSERT INTO {live} ({columns}) SELECT {columns} {missing} SETTINGS insert_deduplicate = 0, max_partitions_per_insert_block = 0", cancellationToken);
            filled += rows;
        }

        return filled;
    }

    /// <summary>Makes the events a table of their own, in a database that only Millrace and operators read.</summary>
    public async Task<long> KeepEventsAsync(string tenant, string name, CancellationToken cancellationToken)
    {
        var database = _live.Database + "_replays";
        var table = $"{database}.{Sql.Name($"{tenant}_{name}")}";
        await ExecuteAsync($"CREATE DATABASE IF NOT EXISTS {database}", cancellationToken);
        var rows = await NumberAsync($"SELECT toInt64(count()) FROM {_aside.Database}.events", cancellationToken);
        await ExecuteAsync($"CREATE TABLE IF NOT EXISTS {table} AS {_aside.Database}.events", cancellationToken);
        await ExecuteAsync($"EXCHANGE TABLES {table} AND {_aside.Database}.events", cancellationToken);
        return rows;
    }

    /// <summary>What is in the real table of the events of an object: whatever comes later is not yet in the rollups either.</summary>
    public async Task<HashSet<(string Stream, string Source, string Id, long ReceivedAtMs)>> PresentAsync(ArchiveSelection selection, long receivedFromMs, CancellationToken cancellationToken)
    {
        var rows = await ClickHouseRows.ReadAsync(
            _clickHouse,
            new ClickHouseQuery(
                $"SELECT stream, source, id, toUnixTimestamp64Milli(received_at) FROM {_live.Database}.events WHERE {Where(selection)} AND received_at >= {Milli(receivedFromMs)}"),
            cancellationToken);
        return [.. rows.Select(row => (row[0].AsString(), row[1].AsString(), row[2].AsString(), row[3].AsInt64()))];
    }

    private static string Where(ArchiveSelection selection) =>
        $"tenant = {Sql.Text(selection.Tenant)}{(selection.Stream is { } stream ? $" AND stream = {Sql.Text(stream)}" : "")} "
        + $"AND time >= {Milli(selection.From.ToUnixTimeMilliseconds())} AND time < {Milli(selection.To.ToUnixTimeMilliseconds())}";

    private static string Milli(long ms) => string.Create(CultureInfo.InvariantCulture, $"fromUnixTimestamp64Milli({ms}, 'UTC')");

    private static IEnumerable<string> Weeks(ArchiveSelection selection)
    {
        var last = TargetPlan.WeekOf(selection.To.ToUnixTimeMilliseconds() - 1);
        for (var week = TargetPlan.WeekOf(selection.From.ToUnixTimeMilliseconds()); week <= last; week += WeekDays)
            yield return $"'{DateOnly.FromDayNumber(DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber + week):yyyy-MM-dd}'";
    }

    private async Task<bool> HasAsync(string table, string week, CancellationToken cancellationToken) =>
        await NumberAsync($"SELECT toInt64(count()) FROM (SELECT 1 FROM {table} WHERE toMonday(time) = toDate({week}) LIMIT 1)", cancellationToken) > 0;

    private async Task<long> NumberAsync(string sql, CancellationToken cancellationToken) =>
        (await ClickHouseRows.ReadAsync(_clickHouse, new ClickHouseQuery(sql), cancellationToken))[0][0].AsInt64();

    private Task ExecuteAsync(string sql, CancellationToken cancellationToken) => _clickHouse.ExecuteAsync(new ClickHouseQuery(sql), cancellationToken);
}
