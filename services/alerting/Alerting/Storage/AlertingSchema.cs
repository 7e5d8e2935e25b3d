using Millrace.Ports.Metadata;

namespace Millrace.Alerting.Storage;

/// <summary>The tables of this service. Times are milliseconds since 1970; a landed migration is never changed.</summary>
internal static class AlertingSchema
{
    /// <summary>Channel on which changed rules are announced.</summary>
    public const string RulesChannel = "alerting_rules";

    private static readonly Migration[] Migrations =
    [
        new(1, "rules, receivers, series, progress", """
            CREATE TABLE alerting_rules (
                tenant text NOT NULL, id text NOT NULL, document text NOT NULL, revision bigint NOT NULL, deleted_at bigint,
                created_at bigint NOT NULL, updated_at bigint NOT NULL, PRIMARY KEY (tenant, id));
            CREATE TABLE alerting_receivers (
                tenant text NOT NULL, id text NOT NULL, name text NOT NULL, kind text NOT NULL, settings text NOT NULL, revision bigint NOT NULL,
                created_at bigint NOT NULL, updated_at bigint NOT NULL, PRIMARY KEY (tenant, id));
            CREATE TABLE alerting_series (
                tenant text NOT NULL, rule_id text NOT NULL, type text NOT NULL, series_key text NOT NULL, part integer NOT NULL,
                watched text NOT NULL, dims text NOT NULL, state integer NOT NULL, since bigint NOT NULL, started bigint NOT NULL,
                judged_to bigint NOT NULL, last_event_end bigint NOT NULL, PRIMARY KEY (tenant, rule_id, type, series_key));
            CREATE INDEX alerting_series_part ON alerting_series (part);
            CREATE TABLE alerting_progress (part integer PRIMARY KEY, epoch text NOT NULL, next_offset bigint NOT NULL);
            """),
        new(2, "alerts, outbox of changes, deliveries", """
            CREATE TABLE alerting_alerts (
                id text PRIMARY KEY, tenant text NOT NULL, rule_id text NOT NULL, rule_name text NOT NULL, stream text NOT NULL,
                type text NOT NULL, series_key text NOT NULL, state integer NOT NULL, previous_state integer NOT NULL, severity text NOT NULL,
                labels text NOT NULL, annotations text NOT NULL, summary text NOT NULL, reason text NOT NULL,
                value double precision, threshold double precision, at bigint NOT NULL, updated_at bigint NOT NULL, started_at bigint NOT NULL,
                resolved_at bigint, acknowledged_by text, acknowledged_at bigint, acknowledged_comment text, snoozed_until bigint,
                revision bigint NOT NULL);
            CREATE INDEX alerting_alerts_tenant ON alerting_alerts (tenant, started_at, id);
            CREATE INDEX alerting_alerts_snoozed ON alerting_alerts (snoozed_until);
            CREATE INDEX alerting_alerts_age ON alerting_alerts (state, updated_at);
            CREATE TABLE alerting_changes (
                alert_id text NOT NULL, revision bigint NOT NULL, tenant text NOT NULL, made_at bigint NOT NULL, payload text NOT NULL,
                PRIMARY KEY (alert_id, revision));
            CREATE TABLE alerting_deliveries (
                id text PRIMARY KEY, tenant text NOT NULL, alert_id text NOT NULL, alert_revision bigint NOT NULL, rule_id text NOT NULL,
                receiver_id text NOT NULL, channel text NOT NULL, event text NOT NULL, payload text NOT NULL, state integer NOT NULL,
                attempts integer NOT NULL, next_attempt_at bigint, lease_owner text, last_error text,
                created_at bigint NOT NULL, updated_at bigint NOT NULL, delivered_at bigint);
            CREATE INDEX alerting_deliveries_due ON alerting_deliveries (state, next_attempt_at);
            CREATE INDEX alerting_deliveries_order ON alerting_deliveries (alert_id, receiver_id, alert_revision);
            CREATE INDEX alerting_deliveries_tenant ON alerting_deliveries (tenant, created_at, id);
            CREATE TABLE alerting_attempts (
                delivery_id text NOT NULL, attempt integer NOT NULL, at bigint NOT NULL, duration_ms bigint NOT NULL, outcome text NOT NULL,
                detail text NOT NULL, PRIMARY KEY (delivery_id, attempt));
            """),
        new(3, "several instances: generations, heartbeats, mutexes, begun attempts", """
            ALTER TABLE alerting_progress ADD COLUMN generation bigint NOT NULL DEFAULT 0;
            CREATE TABLE alerting_instances (name text PRIMARY KEY, alive_until bigint NOT NULL);
            CREATE TABLE alerting_mutexes (name text PRIMARY KEY, holder text NOT NULL, held_until bigint NOT NULL);
            ALTER TABLE alerting_deliveries ADD COLUMN begun integer NOT NULL DEFAULT 0;
            """),
    ];

    public static Task EnsureAsync(IMetadataDatabase database, CancellationToken cancellationToken) =>
        database.MigrateAsync("alerting", Migrations, cancellationToken);
}
