using System.Text.Json.Nodes;
using Millrace.Alerting.Storage;
using Millrace.Hosting.Audit;
using Millrace.Hosting.Schema;

namespace Millrace.Alerting.Notifications;

/// <summary>A configured receiver with what its channel keeps of it, secrets included: never to be shown as it is.</summary>
internal sealed record Receiver(
    string Tenant, string Id, string Name, string Kind, JsonObject Settings, long Revision = 1, long CreatedAtMs = 0, long UpdatedAtMs = 0);

/// <summary>Receivers in the database. Each change is audited with it, without its settings.</summary>
internal sealed class ReceiverStore(AlertingDatabase database, AuditLog audit)
{
    private const string Columns =
        "tenant AS Tenant, id AS Id, name AS Name, kind AS Kind, settings AS Settings, revision AS Revision, created_at AS CreatedAt, updated_at AS UpdatedAt";

    /// <summary>A tenant's receivers after an id, by id.</summary>
    public async Task<List<Receiver>> ListAsync(string tenant, string after, int limit, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<ReceiverRow>(
            $"SELECT {Columns} FROM alerting_receivers WHERE tenant = @tenant AND id > @after ORDER BY id LIMIT @limit",
            new { tenant, after, limit },
            cancellationToken);
        return [.. rows.Select(row => row.ToReceiver())];
    }

    /// <summary>One receiver, or <see langword="null"/>.</summary>
    public async Task<Receiver?> FindAsync(string tenant, string id, CancellationToken cancellationToken) => (await database.FirstAsync<ReceiverRow>(
        $"SELECT {Columns} FROM alerting_receivers WHERE tenant = @tenant AND id = @id", new { tenant, id }, cancellationToken))?.ToReceiver();

    /// <summary>Adds a receiver.</summary>
    public Task<WriteOutcome<Receiver>> AddAsync(Receiver receiver, string actor, int maxReceivers, CancellationToken cancellationToken) =>
        database.WriteAsync<WriteOutcome<Receiver>>(
            async sql =>
            {
                if (await FindRowAsync(sql, receiver.Tenant, receiver.Id) is not null) return new(WriteStatus.Exists);
                var count = await sql.FirstAsync<long>("SELECT COUNT(*) FROM alerting_receivers WHERE tenant = @Tenant", new { receiver.Tenant });
                if (count >= maxReceivers) return new(WriteStatus.TooMany);
                var added = receiver with { Revision = 1, CreatedAtMs = sql.NowMs, UpdatedAtMs = sql.NowMs };
                await PutAsync(sql, added, actor, "receiver.create");
                return new(WriteStatus.Written, added);
            },
            cancellationToken);

    /// <summary>Replaces a receiver that still has the revision which the caller has seen.</summary>
    public Task<WriteOutcome<Receiver>> ReplaceAsync(Receiver receiver, string actor, CancellationToken cancellationToken) =>
        database.WriteAsync<WriteOutcome<Receiver>>(
            async sql =>
            {
                if (await FindRowAsync(sql, receiver.Tenant, receiver.Id) is not { } known) return new(WriteStatus.Missing);
                if (known.Revision != receiver.Revision) return new(WriteStatus.WrongRevision);
                var changed = receiver with { Revision = known.Revision + 1, CreatedAtMs = known.CreatedAt, UpdatedAtMs = sql.NowMs };
                await PutAsync(sql, changed, actor, "receiver.update");
                return new(WriteStatus.Written, changed);
            },
            cancellationToken);

    /// <summary>Deletes a receiver that no rule names.</summary>
    public Task<WriteOutcome<Receiver>> DeleteAsync(string tenant, string id, long? expected, string actor, CancellationToken cancellationToken) =>
        database.WriteAsync<WriteOutcome<Receiver>>(
            async sql =>
            {
                if (await FindRowAsync(sql, tenant, id) is not { } known) return new(WriteStatus.Missing);
                if (expected is not null && expected != known.Revision) return new(WriteStatus.WrongRevision);
                var documents = await sql.QueryAsync<(string Id, string Document)>(
                    "SELECT id, document FROM alerting_rules WHERE tenant = @tenant AND deleted_at IS NULL", new { tenant });
                var users = documents.Where(rule => Names(rule.Document, id)).Select(rule => rule.Id).ToList();
                if (users.Count > 0) return new(WriteStatus.BadReference, References: users);
                await sql.ExecuteAsync("DELETE FROM alerting_receivers WHERE tenant = @tenant AND id = @id", new { tenant, id });
                await audit.WriteAsync(sql.Connection, sql.Transaction, tenant, actor, "receiver.delete", id, null, sql.Cancellation);
                return new(WriteStatus.Written);
            },
            cancellationToken);

    private static bool Names(string ruleDocument, string receiverId) =>
        JsonNode.Parse(ruleDocument)?["receivers"] is JsonArray receivers && receivers.Any(receiver => (string?)receiver == receiverId);

    private static Task<ReceiverRow?> FindRowAsync(SqlScope sql, string tenant, string id) =>
        sql.FirstAsync<ReceiverRow>($"SELECT {Columns} FROM alerting_receivers WHERE tenant = @tenant AND id = @id", new { tenant, id });

    private async Task PutAsync(SqlScope sql, Receiver receiver, string actor, string action)
    {
        await sql.ExecuteAsync(
            """
            INSERT INTO alerting_receivers (tenant, id, name, kind, settings, revision, created_at, updated_at)
            VALUES (@Tenant, @Id, @Name, @Kind, @Settings, @Revision, @CreatedAtMs, @UpdatedAtMs)
            ON CONFLICT (tenant, id) DO UPDATE SET name = excluded.name, kind = excluded.kind, settings = excluded.settings,
                revision = excluded.revision, updated_at = excluded.updated_at
            """,
            new
            {
                receiver.Tenant,
                receiver.Id,
                receiver.Name,
                receiver.Kind,
                Settings = receiver.Settings.ToJsonString(),
                receiver.Revision,
                receiver.CreatedAtMs,
                receiver.UpdatedAtMs,
            });
        await audit.WriteAsync(
            sql.Connection, sql.Transaction, receiver.Tenant, actor, action, receiver.Id, $"{receiver.Kind} '{receiver.Name}'", sql.Cancellation);
    }

    private sealed class ReceiverRow
    {
        public string Tenant { get; init; } = "";

        public string Id { get; init; } = "";

        public string Name { get; init; } = "";

        public string Kind { get; init; } = "";

        public string Settings { get; init; } = "{}";

        public long Revision { get; init; }

        public long CreatedAt { get; init; }

        public long UpdatedAt { get; init; }

        public Receiver ToReceiver() =>
            new(Tenant, Id, Name, Kind, (JsonObject)JsonNode.Parse(Settings)!, Revision, CreatedAt, UpdatedAt);
    }
}
