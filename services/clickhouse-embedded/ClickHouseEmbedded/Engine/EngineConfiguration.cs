using System.Globalization;
using System.Security;

namespace Millrace.ClickHouse.Embedded.Engine;

/// <summary>
/// The engine's configuration: two roles of the one user that a session of this engine can be. <c>admin</c> may do everything; <c>tenant</c> may select from the
/// tenants' tables, and row policies show it the rows of the session's tenant.
/// </summary>
internal static class EngineConfiguration
{
    /// <summary>The role of a tenant's session.</summary>
    public const string TenantRole = "tenant";

    /// <summary>
    /// Writes the two files and answers with the path of the main one. They hold the seal's secret: the directory is the owner's alone, and the caller deletes
    /// it when the engine has started.
    /// </summary>
    public static string Write(string directory, string emptyDirectory, long maxMemoryBytes, TenantSeal seal)
    {
        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(directory, owner);
        var users = Path.Combine(directory, "users.xml");
        var main = Path.Combine(directory, "config.xml");
        File.WriteAllText(users, Users(seal));
        File.WriteAllText(main, Server(users, emptyDirectory, maxMemoryBytes));
        return main;
    }

    private static string Server(string users, string emptyDirectory, long maxMemoryBytes)
    {
        var empty = SecurityElement.Escape(emptyDirectory.TrimEnd('/') + "/");
        // The caches live within the memory limit; an eighth for marks is plenty for one machine and keeps room for queries.
        var marks = Math.Min(maxMemoryBytes / 8, 256L << 20).ToString(CultureInfo.InvariantCulture);
        return $"""
            <clickhouse>
              <users_config>{SecurityElement.Escape(users)}</users_config>
              <max_server_memory_usage>{maxMemoryBytes.ToString(CultureInfo.InvariantCulture)}</max_server_memory_usage>
              <mark_cache_size>{marks}</mark_cache_size>
              <index_mark_cache_size>{marks}</index_mark_cache_size>
              <user_files_path>{empty}</user_files_path>
              <user_scripts_path>{empty}</user_scripts_path>
              <format_schema_path>{empty}</format_schema_path>
              <dictionaries_lib_path>{empty}</dictionaries_lib_path>
            </clickhouse>
            """;
    }

    private static string Users(TenantSeal seal)
    {
        var filter = SecurityElement.Escape(seal.RowFilter);
        var policies = string.Concat(TenantTables.Tables.Order().Select(t => $"<{t}><filter>{filter}</filter></{t}>"));
        var grants = string.Concat(TenantTables.Tables.Order().Select(t => $"<query>GRANT SELECT ON {TenantTables.Database}.{t}</query>"));
        return $"""
            <clickhouse>
              <profiles><default><{TenantSeal.Setting}>{seal.Everyone}</{TenantSeal.Setting}></default></profiles>
              <roles>
                <admin><grants><query>GRANT ALL ON *.*</query></grants></admin>
                <{TenantRole}><grants>{grants}<query>GRANT SELECT ON {TenantTables.MetadataDatabase}.*</query></grants></{TenantRole}>
              </roles>
              <users>
                <default>
                  <password></password><networks><ip>::1</ip><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
                  <grants><query>GRANT admin, {TenantRole}</query></grants>
                  <databases><{TenantTables.Database}>{policies}</{TenantTables.Database}></databases>
                </default>
              </users>
              <quotas><default></default></quotas>
            </clickhouse>
            """;
    }
}
