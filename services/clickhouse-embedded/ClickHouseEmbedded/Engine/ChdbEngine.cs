using System.Globalization;
using Millrace.ClickHouse.Embedded.Native;

namespace Millrace.ClickHouse.Embedded.Engine;

/// <summary>
/// The engine of this process. Starts it, opens sessions, kills queries. It keeps one session open, for the engine stops with the last one.
/// Every member may be called from any thread; sessions may not.
/// </summary>
internal sealed class ChdbEngine : IDisposable
{
    /// <summary>
    /// libchdb starts a session as <c>clickhouse-local</c> does; these are a server's values. Without the first, any expression counts as a SELECT.
    /// </summary>
    private static readonly string[] _serverDefaults = ["--implicit_select=0", "--allow_introspection_functions=0", "--storage_file_read_method=pread"];

    private readonly EngineOptions _options;
    private readonly TenantSeal _seal = new();
    private readonly Lock _keeperGate = new();
    private readonly string _path;
    private ChdbConnection _keeper;

    /// <summary>Starts the engine, or recovers what an earlier one left in the directory.</summary>
    /// <exception cref="ChdbException">It did not start.</exception>
    public ChdbEngine(EngineOptions options)
    {
        _options = options;
        _path = $"--path={options.StoreDirectory}";
        var configuration = EngineConfiguration.Write(options.ConfigurationDirectory, options.EmptyDirectory, options.MaxMemoryBytes, _seal);
        try
        {
            _keeper = ChdbConnection.Open(_path, $"--config-file={configuration}");
        }
        finally
        {
            Directory.Delete(options.ConfigurationDirectory, recursive: true);
        }
        using var version = _keeper.Query("SELECT version()");
        Version = version.Text.Trim();
        _keeper.Execute($"CREATE DATABASE IF NOT EXISTS {TenantTables.Database}");
        _keeper.Execute($"CREATE DATABASE IF NOT EXISTS {TenantTables.MetadataDatabase} ENGINE = Memory");
        foreach (var statement in MetadataViews.Statements()) _keeper.Execute(statement);
    }

    /// <summary>ClickHouse's version.</summary>
    public string Version { get; }

    /// <summary>A session with full rights.</summary>
    /// <param name="tag">Name of the request, by which <see cref="Kill"/> finds its query.</param>
    public ChdbConnection OpenAdministrator(string tag) => ChdbConnection.Open([_path, .. _serverDefaults, $"--log_comment={tag}"]);

    /// <summary>A session that sees one tenant's rows and can change nothing, its settings included.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="tag">Name of the request, by which <see cref="Kill"/> finds its query.</param>
    /// <param name="settings">Settings that the tenant asked for and may have, limits among them already clamped.</param>
    /// <exception cref="ChdbException">A setting has no such value.</exception>
    public ChdbConnection OpenTenant(string tenant, string tag, IReadOnlyCollection<KeyValuePair<string, string>> settings)
    {
        var limits = _options.TenantLimits;
        var connection = ChdbConnection.Open([
            _path,
            .. _serverDefaults,
            $"--{TenantSeal.Setting}={_seal.Of(tenant)}",
            $"--log_comment={tag}",
            Setting("max_execution_time", limits.ExecutionTime.TotalSeconds),
            Setting("max_result_rows", limits.ResultRows),
            Setting("max_result_bytes", limits.ResultBytes),
            Setting("max_memory_usage", Math.Min(limits.MemoryBytes, _options.MaxMemoryBytes / 2)),
            Setting("max_threads", limits.Threads),
        ]);
        try
        {
            if (settings.Count > 0) connection.Execute(SettingsStatement.Of(settings));
            connection.Execute($"USE {TenantTables.Database}");
            connection.Execute($"SET ROLE {EngineConfiguration.TenantRole}");
            connection.Execute("SET readonly = 1");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Asks the engine to cancel the query of a request. Does not wait for its end, and does nothing when there is no such query.</summary>
    public void Kill(string tag)
    {
        lock (_keeperGate)
        {
            try
            {
                _keeper.Execute($"KILL QUERY WHERE startsWith(Settings['log_comment'], '{tag}') ASYNC");
            }
            catch (ChdbException)
            {
                // A session on which a statement failed is not used again.
                var successor = ChdbConnection.Open(_path);
                _keeper.Dispose();
                _keeper = successor;
                throw;
            }
        }
    }

    /// <summary>Stops the engine. All sessions must have been disposed.</summary>
    public void Dispose()
    {
        lock (_keeperGate) _keeper.Dispose();
        ChdbConnection.Shutdown();
    }

    private static string Setting(string name, IFormattable value) => $"--{name}={value.ToString(null, CultureInfo.InvariantCulture)}";
}
