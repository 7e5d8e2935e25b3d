using Millrace.Ports.Metadata;

namespace Millrace.Archiver.Replays;

/// <summary>The tables of replays. Times are milliseconds since 1970; a landed migration is never changed.</summary>
internal static class ReplaySchema
{
    /// <summary>Module name of the migrations. They come after those of the archiver's progress, of which they extend a table.</summary>
    public const string Module = "archiver.replays";

    /// <summary>All migrations.</summary>
    public static readonly IReadOnlyList<Migration> Migrations =
    [
        new(1, "replays, their cuts, and the hold on the sink into ClickHouse", """
            CREATE TABLE archiver_replays (
                id text PRIMARY KEY, tenant text NOT NULL, actor text NOT NULL, idempotency_key text, request_hash text NOT NULL,
                target text NOT NULL, table_name text, stream text, from_at bigint NOT NULL, to_at bigint NOT NULL,
                state bigint NOT NULL, cancelled bigint NOT NULL, phase bigint NOT NULL, stage text NOT NULL,
                objects_total bigint NOT NULL, objects_done bigint NOT NULL, rows_read bigint NOT NULL, rows_applied bigint NOT NULL,
                error text, lease_owner text, lease_until bigint NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT NULL, finished_at bigint);
            CREATE UNIQUE INDEX archiver_replays_key ON archiver_replays (tenant, idempotency_key);
            CREATE INDEX archiver_replays_tenant ON archiver_replays (tenant, created_at, id);
            CREATE TABLE archiver_replay_cuts (
                stage text NOT NULL, manifest text NOT NULL, cut bigint NOT NULL, done bigint NOT NULL, PRIMARY KEY (stage, manifest));
            ALTER TABLE archiver_progress ADD COLUMN held_until bigint NOT NULL DEFAULT 0;
            """),
    ];
}
