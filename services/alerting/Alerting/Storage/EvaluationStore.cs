using System.Text.Json;
using Millrace.Alerting.Evaluation;
using Millrace.Alerting.Http;
using Millrace.Alerting.Notifications;
using Millrace.Alerting.Rules;
using Millrace.Contracts.Protos;
using Millrace.Ports.EventLog;

namespace Millrace.Alerting.Storage;

/// <summary>Keeps where evaluation stands: position on the log, series, alerts and outboxes move together, in one transaction.</summary>
internal sealed class EvaluationStore(AlertingDatabase database, NotificationOutbox outbox)
{
    private const string SaveSeries = """
        INSERT INTO alerting_series (tenant, rule_id, type, series_key, part, watched, dims, state, since, started, judged_to, last_event_end)
        VALUES (@Tenant, @RuleId, @Type, @SeriesKey, @Part, @Watched, @Dims, @State, @Since, @Started, @JudgedTo, @LastEventEnd)
        ON CONFLICT (tenant, rule_id, type, series_key) DO UPDATE SET part = excluded.part, watched = excluded.watched, state = excluded.state,
            since = excluded.since, started = excluded.started, judged_to = excluded.judged_to, last_event_end = excluded.last_event_end
        """;

    private const string DeleteSeries =
        "DELETE FROM alerting_series WHERE tenant = @Tenant AND rule_id = @RuleId AND type = @Type AND series_key = @SeriesKey";

    private const string SaveProgress =
        "UPDATE alerting_progress SET next_offset = @NextOffset WHERE part = @Part AND epoch = @Epoch AND generation = @Generation";

    // Whoever had the partition before can save nothing any more.
    private const string Take = """
        INSERT INTO alerting_progress (part, epoch, next_offset, generation) VALUES (@Partition, @epoch, @otherwise, 1)
        ON CONFLICT (part) DO UPDATE SET generation = alerting_progress.generation + 1, epoch = excluded.epoch,
            next_offset = CASE WHEN alerting_progress.epoch = excluded.epoch THEN alerting_progress.next_offset ELSE excluded.next_offset END
        RETURNING next_offset, generation
        """;

    /// <summary>
    /// Takes a partition up: fences off whoever had it, and gives the position and the series that were saved with it. Series whose rule can't be read are
    /// left alone, and so are those of streams that are in another partition.
    /// </summary>
    /// <param name="partition">The partition as it was assigned.</param>
    /// <param name="epoch">The topic's epoch; a position of another means nothing.</param>
    /// <param name="rules">All rules.</param>
    /// <param name="partitionOf">Partition of a rule's stream.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<SavedPartition> TakeAsync(
        PartitionAssignment partition, string epoch, IReadOnlyDictionary<(string Tenant, string Id), Rule> rules, Func<Rule, int> partitionOf,
        CancellationToken cancellationToken)
    {
        // The very first time there is nothing to catch up with: no rule was there when the old windows were made.
        var taken = await database.WriteAsync(
            sql => sql.FirstAsync<(long Next, long Generation)>(Take, new { partition.Partition, epoch, otherwise = partition.Bounds.EndOffset }),
            cancellationToken);
        var series = await LoadSeriesAsync(partition.Partition, rules, cancellationToken);
        return new SavedPartition(
            partition.Partition,
            Math.Max(taken.Next, partition.Bounds.EarliestOffset),
            taken.Generation,
            [.. series.Where(entry => partitionOf(entry.Series.Rule) == partition.Partition)]);
    }

    private async Task<List<(WatchedSeries Series, string Watched)>> LoadSeriesAsync(
        int partition, IReadOnlyDictionary<(string Tenant, string Id), Rule> rules, CancellationToken cancellationToken)
    {
        // Those of streams that no window had shown once stood under partition 0.
        var rows = await database.QueryAsync<SeriesRow>(
            """
            SELECT tenant AS Tenant, rule_id AS RuleId, type AS Type, series_key AS SeriesKey, watched AS Watched, dims AS Dims, state AS State,
                since AS Since, started AS Started, judged_to AS JudgedTo, last_event_end AS LastEventEnd
            FROM alerting_series WHERE part = @partition OR part = 0
            """,
            new { partition },
            cancellationToken);
        var result = new List<(WatchedSeries, string)>(rows.Count);
        foreach (var row in rows)
        {
            if (!rules.TryGetValue((row.Tenant, row.RuleId), out var rule)) continue;
            var dims = JsonSerializer.Deserialize(row.Dims, AlertingJson.Plain.ListKeyValuePairStringString) ?? [];
            var series = new WatchedSeries(rule, new SeriesId(row.Type, row.SeriesKey), dims);
            series.Restore(AlertMachine.Restore((AlertState)row.State, row.Since, row.Started), row.JudgedTo, row.LastEventEnd);
            result.Add((series, row.Watched));
        }
        return result;
    }

    /// <summary>
    /// Writes everything that changed, and the positions that it stands for, if every partition is still this instance's. What was written is marked so
    /// when this returns.
    /// </summary>
    /// <returns>Notifications that were put into the outbox.</returns>
    /// <exception cref="PartitionLostException">Another instance has taken a partition up: nothing was written.</exception>
    public async Task<int> SaveAsync(
        IReadOnlyList<AlertTransition> transitions, SeriesChanges series, IReadOnlyList<PartitionWatch> partitions, string epoch,
        CancellationToken cancellationToken)
    {
        var positions = partitions.Select(partition => (Watch: partition, partition.NextOffset)).ToList();
        var notified = await database.WriteAsync(
            async sql =>
            {
                foreach (var (watch, offset) in positions)
                {
                    var mine = await sql.ExecuteAsync(
                        SaveProgress, new { Part = watch.Partition, Epoch = epoch, NextOffset = offset, watch.Generation });
                    if (mine == 0) throw new PartitionLostException(watch.Partition);
                }
                var count = 0;
                foreach (var transition in transitions)
                {
                    var alert = await AlertJournal.WriteAsync(sql, transition);
                    count += await outbox.AddAsync(sql, alert, transition);
                }
                // A changed rule may have let a series go and taken it up anew.
                if (series.Deletes.Count > 0) await sql.ExecuteAsync(DeleteSeries, series.Deletes.Select(entry => ToRow(0, entry)));
                if (series.Saves.Count > 0) await sql.ExecuteAsync(SaveSeries, series.Saves.Select(entry => ToRow(entry.Partition, entry.Series)));
                return count;
            },
            cancellationToken);
        foreach (var (_, saved) in series.Saves) saved.Saved();
        foreach (var deleted in series.Deletes) deleted.Deleted();
        foreach (var (watch, offset) in positions) watch.SavedOffset = offset;
        return notified;
    }

    private static SeriesRow ToRow(int partition, WatchedSeries series) => new()
    {
        Tenant = series.Rule.Tenant,
        RuleId = series.Rule.Id,
        Type = series.Id.Type,
        SeriesKey = series.Id.Key,
        Part = partition,
        Watched = series.Rule.Watches,
        Dims = JsonSerializer.Serialize([.. series.Dims], AlertingJson.Plain.ListKeyValuePairStringString),
        State = (int)series.Machine.State,
        Since = series.Machine.SinceMs,
        Started = series.Machine.StartedMs,
        JudgedTo = series.JudgedToMs,
        LastEventEnd = series.LastEventEndMs,
    };

    private sealed class SeriesRow
    {
        public string Tenant { get; init; } = "";

        public string RuleId { get; init; } = "";

        public string Type { get; init; } = "";

        public string SeriesKey { get; init; } = "";

        public int Part { get; init; }

        public string Watched { get; init; } = "";

        public string Dims { get; init; } = "[]";

        public int State { get; init; }

        public long Since { get; init; }

        public long Started { get; init; }

        public long JudgedTo { get; init; }

        public long LastEventEnd { get; init; }
    }
}
