using Millrace.Ports.Metadata;

namespace Millrace.Hosting.Schema;

/// <summary>The tables that every service shares: tenants, API keys, settings, audit log, ledger, incidents.</summary>
public static class HostingSchema
{
    private static readonly Migration[] Migrations =
    [
        new(1, "tenants, keys, settings, audit, ledger", """
            CREATE TABLE tenants (name text PRIMARY KEY, created_at bigint NOT NULL);
            CREATE TABLE api_keys (
                id text PRIMARY KEY, tenant text NOT NULL, name text NOT NULL, hash text NOT NULL UNIQUE, scopes text NOT NULL,
                created_at bigint NOT NULL, revoked_at bigint);
            CREATE INDEX api_keys_tenant ON api_keys (tenant, created_at);
            CREATE TABLE hosting_settings (name text PRIMARY KEY, value text NOT NULL);
            CREATE TABLE audit_log (
                id text PRIMARY KEY, at bigint NOT NULL, tenant text NOT NULL, actor text NOT NULL, action text NOT NULL,
                subject text NOT NULL, detail text);
            CREATE INDEX audit_log_tenant ON audit_log (tenant, id);
            CREATE INDEX audit_log_action ON audit_log (action, id);
            CREATE TABLE ledger_progress (
                stage text NOT NULL, topic text NOT NULL, part integer NOT NULL, upto bigint NOT NULL, PRIMARY KEY (stage, topic, part));
            CREATE TABLE ledger_counts (
                tenant text NOT NULL, stage text NOT NULL, topic text NOT NULL, part integer NOT NULL,
                received bigint NOT NULL, rejected bigint NOT NULL, dead_lettered bigint NOT NULL, aggregated bigint NOT NULL,
                late bigint NOT NULL, duplicate bigint NOT NULL, archived bigint NOT NULL,
                PRIMARY KEY (tenant, stage, topic, part));
            """),
        new(2, "incidents", """
            CREATE TABLE incidents (
                id text PRIMARY KEY, service text NOT NULL, instance text NOT NULL, kind text NOT NULL, subject text NOT NULL, step text NOT NULL,
                cause text NOT NULL, audience text NOT NULL, peak double precision, peak_unit text NOT NULL, momentary integer NOT NULL,
                times bigint NOT NULL, started_at bigint NOT NULL, seen_at bigint NOT NULL, ended_at bigint);
            CREATE INDEX incidents_started ON incidents (started_at, id);
            CREATE INDEX incidents_open ON incidents (seen_at) WHERE ended_at IS NULL;
            """),
    ];

    /// <summary>Brings these tables up to date. Every host does it before anything else runs; tests call it themselves.</summary>
    public static Task EnsureAsync(IMetadataDatabase database, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(database);
        return database.MigrateAsync("hosting", Migrations, cancellationToken);
    }
}
