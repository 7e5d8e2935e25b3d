using Millrace.Testing;

namespace Millrace.Servers;

/// <summary>
/// A PostgreSQL server of the tests' own: on 127.0.0.1, with a data directory of its own, ready in about two seconds. Stopped or killed it
/// starts again on the same port and data.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    /// <summary>Name of the superuser.</summary>
    public const string User = "millrace";

    private const string HowToInstall = "PostgreSQL is missing; install it with: apt-get install postgresql";
    private readonly ServerAccount _account = ServerAccount.Of("postgres");
    private readonly string _binaries;
    private readonly bool _durable;
    private string _directory = "";
    private ServerProcess? _process;
    private int _databases;

    private PostgresServer(string binaries, bool durable) => (_binaries, _durable) = (binaries, durable);

    /// <summary>Port on 127.0.0.1.</summary>
    public int Port { get; } = FreePort.Next();

    /// <summary>Password of <see cref="User"/>.</summary>
    public string Password { get; } = Guid.NewGuid().ToString("n");

    /// <summary>Starts one on fresh data.</summary>
    public static Task<PostgresServer> StartAsync(CancellationToken cancellationToken) => StartAsync(durable: false, cancellationToken);

    /// <summary>Starts one on fresh data; skips the test, or fails it in CI, where PostgreSQL is not installed.</summary>
    /// <param name="durable">Whether a commit is on the disk when it returns, as tests that kill the server need it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<PostgresServer> StartAsync(bool durable, CancellationToken cancellationToken)
    {
        var binaries = FindBinaries();
        TestEnvironment.RequireOrSkip(binaries is not null, HowToInstall);
        return await FreePort.StartAsync(
            () => new PostgresServer(binaries, durable),
            async server =>
            {
                await server.InitializeAsync(cancellationToken);
                await server.StartAgainAsync(cancellationToken);
            });
    }

    /// <summary>Connection string of a database on this server.</summary>
    public string ConnectionString(string database) => $"Host=127.0.0.1;Port={Port};Database={database};Username={User};Password={Password}";

    /// <summary>Makes an empty database and answers with its connection string.</summary>
    public async Task<string> CreateDatabaseAsync(CancellationToken cancellationToken)
    {
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        await ExecuteAsync("postgres", $"CREATE DATABASE {name}", cancellationToken);
        return ConnectionString(name);
    }

    /// <summary>Runs SQL as the superuser and answers with the values of the result, one a line.</summary>
    public Task<string> ExecuteAsync(string database, string sql, CancellationToken cancellationToken) => Commands.RunAsync(
        [Path.Combine(_binaries, "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql],
        new Dictionary<string, string> { ["PGHOST"] = "127.0.0.1", ["PGPORT"] = $"{Port}", ["PGUSER"] = User, ["PGPASSWORD"] = Password },
        cancellationToken);

    /// <summary>Stops it as an administrator does: connections are broken, transactions rolled back.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_process is not { HasExited: false } process) return;
        await Commands.RunAsync(
            _account.Command(Path.Combine(_binaries, "pg_ctl"), "stop", "-s", "-m", "fast", "-D", _directory), null, cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>kill -9 of the server and all its processes, as when the power goes.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        if (_process is null) return;
        _process.Kill();
        await _process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>Starts it again on the same port and data; returns when it takes connections.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        if (_process is { HasExited: false }) return;
        _process?.Dispose();
        string[] settings =
        [
            "listen_addresses=127.0.0.1", $"port={Port}", "unix_socket_directories=", "max_connections=200", "lc_messages=C",
            "log_min_messages=warning", .. _durable ? Array.Empty<string>() : ["fsync=off", "full_page_writes=off"],
        ];
        _process = ServerProcess.Start(_account.Command(
            Path.Combine(_binaries, "postgres"), ["-D", _directory, .. settings.SelectMany(setting => new[] { "-c", setting })]));
        await _process.WaitForLineAsync(line => line.Contains("ready to accept connections", StringComparison.Ordinal), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _process?.Dispose();
        if (_directory.Length > 0 && Directory.Exists(_directory)) Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    private async Task InitializeAsync(CancellationToken cancellationToken)
    {
        _directory = await _account.CreateDirectoryAsync("postgres", cancellationToken);
        // Beside the data directory, which must be empty.
        var passwordFile = _directory + ".password";
        await File.WriteAllTextAsync(passwordFile, Password + "\n", cancellationToken);
        try
        {
            await Commands.RunAsync(
                _account.Command(
                    Path.Combine(_binaries, "initdb"), "-D", _directory, "-U", User, "--auth=scram-sha-256", $"--pwfile={passwordFile}",
                    "--encoding=UTF8", "--locale=C", "--no-sync"),
                null,
                cancellationToken);
        }
        finally
        {
            File.Delete(passwordFile);
        }
    }

    // Debian keeps the server's programs off the PATH, one directory a version; others have them on it.
    private static string? FindBinaries()
    {
        const string debian = "/usr/lib/postgresql";
        var versions = Directory.Exists(debian)
            ? Directory.GetDirectories(debian).OrderByDescending(path => int.TryParse(Path.GetFileName(path), out var version) ? version : 0)
                .Select(path => Path.Combine(path, "bin"))
            : [];
        return versions.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
            .FirstOrDefault(path => File.Exists(Path.Combine(path, "initdb")) && File.Exists(Path.Combine(path, "postgres")));
    }
}
