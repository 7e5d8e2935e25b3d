using Millrace.Ports.Metadata;

namespace Millrace.Ingest.Letters;

/// <summary>The tables of dead letters and redrives. Times are milliseconds since 1970; a landed migration is never changed.</summary>
internal static class LetterSchema
{
    private static readonly Migration[] _migrations =
    [
        new(1, "dead letters: list, bytes, totals, progress", """
            CREATE TABLE ingest_letters (
                id text PRIMARY KEY, tenant text NOT NULL, at bigint NOT NULL, status bigint NOT NULL, code text NOT NULL, field text NOT NULL,
                message text NOT NULL, stream text NOT NULL, default_stream text NOT NULL, event_id text NOT NULL, content_type text NOT NULL,
                event_index bigint NOT NULL, origin text NOT NULL, part bigint NOT NULL, log_offset bigint NOT NULL,
                original_bytes bigint NOT NULL, kept_bytes bigint NOT NULL, attempts bigint NOT NULL, redrive_id text, attempted_at bigint,
                edited bigint NOT NULL, last_code text, last_field text, last_message text);
            CREATE INDEX ingest_letters_tenant ON ingest_letters (tenant, at, id);
            CREATE INDEX ingest_letters_redrive ON ingest_letters (redrive_id, status);
            CREATE INDEX ingest_letters_age ON ingest_letters (at);
            CREATE TABLE ingest_letter_bytes (id text PRIMARY KEY, original bytea NOT NULL);
            CREATE TABLE ingest_letter_totals (
                tenant text PRIMARY KEY, letters bigint NOT NULL, bytes bigint NOT NULL, dropped bigint NOT NULL);
            CREATE TABLE ingest_letter_progress (part bigint PRIMARY KEY, epoch text NOT NULL, next_offset bigint NOT NULL);
            """),
        new(2, "redrives", """
            CREATE TABLE ingest_redrives (
                id text PRIMARY KEY, tenant text NOT NULL, actor text NOT NULL, idempotency_key text, request_hash text NOT NULL,
                kind text NOT NULL, code text, stream text, from_at bigint, to_at bigint, ids text, default_stream text,
                replacement bytea, replacement_type text, newest_at bigint NOT NULL, state bigint NOT NULL, cancelled bigint NOT NULL,
                total bigint NOT NULL, redriven bigint NOT NULL, refused bigint NOT NULL, skipped bigint NOT NULL, events bigint NOT NULL,
                cursor_at bigint NOT NULL, cursor_id text NOT NULL, judged_at bigint NOT NULL, log_epoch text NOT NULL, log_ends text NOT NULL,
                lease_owner text, lease_until bigint NOT NULL, error text, created_at bigint NOT NULL, updated_at bigint NOT NULL,
                finished_at bigint);
            CREATE UNIQUE INDEX ingest_redrives_key ON ingest_redrives (tenant, idempotency_key);
            CREATE INDEX ingest_redrives_open ON ingest_redrives (state, lease_until);
            CREATE INDEX ingest_redrives_tenant ON ingest_redrives (tenant, created_at, id);
            """),
    ];

    public static Task EnsureAsync(IMetadataDatabase database, CancellationToken cancellationToken) =>
        database.MigrateAsync("ingest", _migrations, cancellationToken);
}
