using System.Globalization;
using Microsoft.Extensions.Logging;
using Millrace.Archiver.Blocks;
using Millrace.Ports.ClickHouse;

namespace Millrace.Archiver.ClickHouse;

/// <summary>Finds out what of a cut is in ClickHouse. Every row of the events and of the rollups carries the number of its newest cut.</summary>
internal sealed class CutInspector(IClickHouse clickHouse, Tables tables, TimeProvider time, ILogger<CutInspector> logger)
{
    // The embedded server puts a mark of its own before the comment.
    private const string Running =
        "query_kind = 'Insert' AND (Settings['log_comment'] = {token:String} OR endsWith(Settings['log_comment'], concat(' ', {token:String})))";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Waits until no insert of the cut runs any more: one whose client has gone may still go on. After a while it is killed.
    /// </summary>
    public async Task WaitForInsertsAsync(string token, CancellationToken cancellationToken)
    {
        var parameters = new Dictionary<string, string> { ["token"] = token };
        var started = time.GetTimestamp();
        for (var killed = false; ;)
        {
            var rows = await ClickHouseRows.ReadAsync(
                clickHouse,
                new ClickHouseQuery($"SELECT count() FROM {tables.Processes} WHERE {Running}") { Parameters = parameters },
                cancellationToken);
            if (rows[0][0].AsInt64() == 0) return;
            if (!killed && time.GetElapsedTime(started) > Patience)
            {
                killed = true;
                await clickHouse.ExecuteAsync(
                    new ClickHouseQuery($"KILL QUERY{tables.OnCluster} WHERE {Running} ASYNC") { Parameters = parameters },
                    cancellationToken);
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    /// <summary>What of a cut is missing.</summary>
    /// <param name="token">The cut's token, for the log.</param>
    /// <param name="cutId">The cut's number.</param>
    /// <param name="times">Event times of its rows.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<MissingParts> MissingAsync(string token, ulong cutId, long[] times, CancellationToken cancellationToken)
    {
        if (tables.IsReplicated)
        {
            // What another replica has taken counts too, so this one fetches it first.
            foreach (var (_, table) in tables.Targets)
                await clickHouse.ExecuteAsync(new ClickHouseQuery($"SYSTEM SYNC REPLICA {table} LIGHTWEIGHT"), cancellationToken);
        }

        var expected = times.GroupBy(TargetPlan.WeekOf).ToDictionary(week => week.Key, week => (long)week.Count());
        var weeks = string.Join(", ", expected.Keys.Select(week => $"toDate({week.ToString(CultureInfo.InvariantCulture)})"));
        var sql = string.Join(" UNION ALL ", tables.Targets.Select(target =>
            $"SELECT toInt64({(int)target.Target}), toInt64(toUInt16(toMonday(time))) AS week, toInt64(count()) FROM {target.Name} "
            + $"WHERE cut = {{cut:UInt64}} AND toMonday(time) IN ({weeks}) GROUP BY week"));
        var rows = await ClickHouseRows.ReadAsync(
            clickHouse,
            new ClickHouseQuery(sql)
            {
                Parameters = new Dictionary<string, string> { ["cut"] = cutId.ToString(CultureInfo.InvariantCulture) },
            },
            cancellationToken);
        var missing = expected.Keys.ToDictionary(week => week, _ => Target.All);
        foreach (var row in rows)
        {
            var (target, week, found) = ((Target)row[0].AsInt64(), (int)row[1].AsInt64(), row[2].AsInt64());
            missing[week] &= ~target;
            // A part is published whole or not at all, so this can only be retention at work, or a doubling that must be seen.
            if (target == Target.Events && found != expected[week]) Log.CutDiffers(logger, token, found, expected[week]);
        }

        if (missing.Values.All(targets => targets == Target.None)) Log.CutFoundWhole(logger, token);
        return new MissingParts(missing);
    }
}

/// <summary>The tables that lack a cut's rows, by week.</summary>
internal sealed class MissingParts(Dictionary<int, Target> byWeek)
{
    /// <summary>Weeks of which something is missing.</summary>
    public int Count => byWeek.Values.Count(targets => targets != Target.None);

    /// <summary>Tables and weeks that are missing.</summary>
    public int Tables => byWeek.Values.Sum(targets => int.PopCount((int)targets));

    /// <summary>Writes just these.</summary>
    public TargetPlan Plan => TargetPlan.Of(byWeek);
}
