using System.Text.Json;
using Microsoft.Extensions.Logging;
using Millrace.Alerting.Http;
using Millrace.Alerting.Storage;
using Millrace.Hosting.Audit;
using Millrace.Hosting.Schema;

namespace Millrace.Alerting.Rules;

/// <summary>Rules in the database. Each change is audited with it and announced to every instance.</summary>
internal sealed class RuleStore(AlertingDatabase database, RuleParser parser, AuditLog audit, ILogger<RuleStore> logger)
{
    private const string Columns =
        "tenant AS Tenant, id AS Id, document AS Document, revision AS Revision, deleted_at AS DeletedAt, created_at AS CreatedAt, updated_at AS UpdatedAt";

    /// <summary>Every tenant's rules, the deleted ones that are still kept included. Rules that this version can't read are logged and left out.</summary>
    public async Task<List<Rule>> LoadAllAsync(CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<RuleRow>($"SELECT {Columns} FROM alerting_rules ORDER BY tenant, id", null, cancellationToken);
        return [.. rows.Select(Read).OfType<Rule>()];
    }

    /// <summary>Changes when any rule does.</summary>
    public async Task<(long Count, long Revisions, long Deleted)> VersionAsync(CancellationToken cancellationToken) =>
        await database.FirstAsync<(long, long, long)>(
            "SELECT COUNT(*), CAST(COALESCE(SUM(revision), 0) AS bigint), COUNT(deleted_at) FROM alerting_rules", null, cancellationToken);

    /// <summary>A tenant's rules after an id, by id.</summary>
    public async Task<List<Rule>> ListAsync(string tenant, string after, int limit, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<RuleRow>(
            $"SELECT {Columns} FROM alerting_rules WHERE tenant = @tenant AND id > @after AND deleted_at IS NULL ORDER BY id LIMIT @limit",
            new { tenant, after, limit },
            cancellationToken);
        return [.. rows.Select(Read).OfType<Rule>()];
    }

    /// <summary>One rule, or <see langword="null"/>.</summary>
    public async Task<Rule?> FindAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        var row = await database.FirstAsync<RuleRow>(
            $"SELECT {Columns} FROM alerting_rules WHERE tenant = @tenant AND id = @id AND deleted_at IS NULL", new { tenant, id }, cancellationToken);
        return row is null ? null : Read(row);
    }

    /// <summary>Adds a rule.</summary>
    public async Task<WriteOutcome<Rule>> AddAsync(Rule rule, string actor, int maxRules, CancellationToken cancellationToken)
    {
        var outcome = await database.WriteAsync<WriteOutcome<Rule>>(
            async sql =>
            {
                var known = await sql.FirstAsync<RuleRow>(
                    $"SELECT {Columns} FROM alerting_rules WHERE tenant = @Tenant AND id = @Id", new { rule.Tenant, rule.Id });
                if (known is not null && known.DeletedAt is null) return new(WriteStatus.Exists);
                var count = await sql.FirstAsync<long>(
                    "SELECT COUNT(*) FROM alerting_rules WHERE tenant = @Tenant AND deleted_at IS NULL", new { rule.Tenant });
                if (count >= maxRules) return new(WriteStatus.TooMany);
                // A rule that comes back under its old id goes on counting, so that nobody takes it for the old one.
                var added = rule with { CreatedAtMs = sql.NowMs, UpdatedAtMs = sql.NowMs, Revision = (known?.Revision ?? 0) + 1 };
                if (await UnknownReceiversAsync(sql, added) is { Count: > 0 } unknown) return new(WriteStatus.BadReference, References: unknown);
                await PutAsync(sql, added);
                await AuditAsync(sql, added, actor, "rule.create");
                return new(WriteStatus.Written, added);
            },
            cancellationToken);
        await AnnounceAsync(outcome.Status, rule.Tenant, cancellationToken);
        return outcome;
    }

    /// <summary>Replaces a rule, if it has the expected revision.</summary>
    public async Task<WriteOutcome<Rule>> ReplaceAsync(Rule rule, long? expected, string actor, CancellationToken cancellationToken)
    {
        var outcome = await database.WriteAsync<WriteOutcome<Rule>>(
            async sql =>
            {
                var (status, known) = await LockAsync(sql, rule.Tenant, rule.Id, expected);
                if (known is null || status != WriteStatus.Written) return new(status);
                var changed = rule with { CreatedAtMs = known.CreatedAt, UpdatedAtMs = sql.NowMs, Revision = known.Revision + 1 };
                if (await UnknownReceiversAsync(sql, changed) is { Count: > 0 } unknown) return new(WriteStatus.BadReference, References: unknown);
                await PutAsync(sql, changed);
                await AuditAsync(sql, changed, actor, "rule.update");
                return new(WriteStatus.Written, changed);
            },
            cancellationToken);
        await AnnounceAsync(outcome.Status, rule.Tenant, cancellationToken);
        return outcome;
    }

    /// <summary>Deletes a rule, if it has the expected revision. The row stays until its alerts are closed.</summary>
    public async Task<WriteStatus> DeleteAsync(string tenant, string id, long? expected, string actor, CancellationToken cancellationToken)
    {
        var outcome = await database.WriteAsync(
            async sql =>
            {
                var (status, known) = await LockAsync(sql, tenant, id, expected);
                if (known is null || status != WriteStatus.Written) return status;
                await sql.ExecuteAsync(
                    "UPDATE alerting_rules SET deleted_at = @NowMs, updated_at = @NowMs, revision = revision + 1 WHERE tenant = @tenant AND id = @id",
                    new { sql.NowMs, tenant, id });
                await audit.WriteAsync(sql.Connection, sql.Transaction, tenant, actor, "rule.delete", id, null, sql.Cancellation);
                return WriteStatus.Written;
            },
            cancellationToken);
        await AnnounceAsync(outcome, tenant, cancellationToken);
        return outcome;
    }

    /// <summary>Ids of the receivers that a rule notifies.</summary>
    public async Task<IReadOnlyList<string>> ReceiversAsync(SqlScope sql, string tenant, string id)
    {
        var row = await sql.FirstAsync<RuleRow>(
            $"SELECT {Columns} FROM alerting_rules WHERE tenant = @tenant AND id = @id AND deleted_at IS NULL", new { tenant, id });
        return row is null ? [] : Read(row)?.Receivers ?? [];
    }

    private static async Task<(WriteStatus Status, RuleRow? Row)> LockAsync(SqlScope sql, string tenant, string id, long? expected)
    {
        var known = await sql.FirstAsync<RuleRow>(
            $"SELECT {Columns} FROM alerting_rules WHERE tenant = @tenant AND id = @id AND deleted_at IS NULL", new { tenant, id });
        if (known is null) return (WriteStatus.Missing, null);
        return expected is null || expected == known.Revision ? (WriteStatus.Written, known) : (WriteStatus.WrongRevision, known);
    }

    private static async Task<IReadOnlyList<string>> UnknownReceiversAsync(SqlScope sql, Rule rule)
    {
        if (rule.Receivers.Count == 0) return [];
        var known = await sql.QueryAsync<string>(
            $"SELECT id FROM alerting_receivers WHERE tenant = @Tenant AND id IN ({SqlList.Names(rule.Receivers)})",
            SqlList.Parameters(rule.Receivers, new { rule.Tenant }));
        return [.. rule.Receivers.Except(known)];
    }

    private static Task<int> PutAsync(SqlScope sql, Rule rule) => sql.ExecuteAsync(
        """
        INSERT INTO alerting_rules (tenant, id, document, revision, deleted_at, created_at, updated_at)
        VALUES (@Tenant, @Id, @Document, @Revision, NULL, @CreatedAtMs, @UpdatedAtMs)
        ON CONFLICT (tenant, id) DO UPDATE SET document = excluded.document, revision = excluded.revision, deleted_at = NULL,
            created_at = excluded.created_at, updated_at = excluded.updated_at
        """,
        new { rule.Tenant, rule.Id, Document = Text(rule), rule.Revision, rule.CreatedAtMs, rule.UpdatedAtMs });

    private static string Text(Rule rule) => JsonSerializer.Serialize(RuleDocument.From(rule), AlertingJson.Plain.RuleDocument);

    private Task AuditAsync(SqlScope sql, Rule rule, string actor, string action) =>
        audit.WriteAsync(sql.Connection, sql.Transaction, rule.Tenant, actor, action, rule.Id, Text(rule), sql.Cancellation);

    private async Task AnnounceAsync(WriteStatus status, string tenant, CancellationToken cancellationToken)
    {
        if (status == WriteStatus.Written) await database.Raw.NotifyAsync(AlertingSchema.RulesChannel, tenant, cancellationToken);
    }

    private Rule? Read(RuleRow row)
    {
        using var json = JsonDocument.Parse(row.Document);
        var errors = new FieldErrors();
        if (parser.Parse(json.RootElement, row.Tenant, row.Id, errors) is { } rule)
            return rule with { Revision = row.Revision, Deleted = row.DeletedAt is not null, CreatedAtMs = row.CreatedAt, UpdatedAtMs = row.UpdatedAt };
        Log.RuleUnreadable(logger, row.Tenant, row.Id, string.Join(" ", errors.Items.Select(error => $"{error.Field}: {error.Message}")));
        return null;
    }

    private sealed class RuleRow
    {
        public string Tenant { get; init; } = "";

        public string Id { get; init; } = "";

        public string Document { get; init; } = "{}";

        public long Revision { get; init; }

        public long? DeletedAt { get; init; }

        public long CreatedAt { get; init; }

        public long UpdatedAt { get; init; }
    }
}
