using System.Globalization;
using Millrace.Testing;

namespace Millrace.Servers;

/// <summary>
/// A ClickHouse as a server process of its own: the program of the embedded one, on 127.0.0.1, with a data directory of its own. Stopped or killed it starts
/// again on the same port and data.
/// </summary>
public sealed class ClickHouseServer : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly string _library;
    private ServerProcess? _process;

    private ClickHouseServer(string library) => _library = library;

    /// <summary>Name of the user with full rights, for <c>Millrace:ClickHouse:User</c>.</summary>
    public string User { get; } = "millrace";

    /// <summary>That user's password, for <c>Millrace:ClickHouse:Secret</c>.</summary>
    public string Secret { get; } = Guid.NewGuid().ToString("n");

    /// <summary>Port of the HTTP interface on 127.0.0.1.</summary>
    public int Port { get; } = FreePort.Next();

    /// <summary>The HTTP interface, for <c>Millrace:ClickHouse:Url</c>.</summary>
    public Uri Url => new($"http://127.0.0.1:{Port}/");

    /// <summary>Id of the process.</summary>
    public int ProcessId => Running.Id;

    /// <summary>The last lines that it wrote.</summary>
    public string Output => _process?.Output ?? "";

    private ServerProcess Running => _process is { HasExited: false } process ? process : throw new InvalidOperationException($"ClickHouse does not run:\n{Output}");

    /// <summary>Starts one on fresh data; skips the test, or fails it in CI, where libchdb is missing.</summary>
    public static async Task<ClickHouseServer> StartAsync(CancellationToken cancellationToken)
    {
        var library = FindLibrary();
        TestEnvironment.RequireOrSkip(library is not null, "libchdb.so is missing; ./millrace build downloads it");
        return await FreePort.StartAsync(() => new ClickHouseServer(library), server => server.StartAgainAsync(cancellationToken));
    }

    /// <summary>Starts it again on the same port and data; returns when it answers.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        if (_process is { HasExited: false }) return;
        _process?.Dispose();
        string[] command =
        [
            "dotnet", Program, "--data", _directory.File("data"), "--library", _library, "--port", Port.ToString(CultureInfo.InvariantCulture),
            "--parent-watch", "off",
        ];
        _process = ServerProcess.Start(command, new Dictionary<string, string> { ["MILLRACE_CLICKHOUSE_SECRET"] = Secret });
        await _process.WaitForLineAsync(line => line.StartsWith("ready port=", StringComparison.Ordinal), cancellationToken);
    }

    /// <summary>SIGTERM: what runs is finished or broken off within seconds.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_process is not { HasExited: false } process) return;
        Signals.Send(process.Id, Signals.Terminate);
        await process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>kill -9, as when the power goes.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        if (_process is null) return;
        _process.Kill();
        await _process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>SIGSTOP: connections stay open and nothing answers until <see cref="Resume"/>.</summary>
    public void Pause() => Signals.Send(Running.Id, Signals.Stop);

    /// <summary>SIGCONT.</summary>
    public void Resume() => Signals.Send(Running.Id, Signals.Continue);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync(CancellationToken.None);
        _process?.Dispose();
        _directory.Dispose();
    }

    // In the build's output, artifacts/bin/<project>/<configuration>, beside the tests'.
    private static string Program
    {
        get
        {
            var mine = new DirectoryInfo(AppContext.BaseDirectory);
            return Path.Combine(mine.Parent!.Parent!.FullName, "Millrace.ClickHouse.Embedded", mine.Name, "clickhouse-embedded.dll");
        }
    }

    private static string? FindLibrary()
    {
        var cache = Environment.GetEnvironmentVariable("MILLRACE_CACHE")
            ?? Path.Combine(Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "millrace");
        var versions = Path.Combine(cache, "chdb");
        return Directory.Exists(versions)
            ? Directory.GetDirectories(versions).Order(StringComparer.Ordinal).Select(version => Path.Combine(version, "libchdb.so")).LastOrDefault(File.Exists)
            : null;
    }
}
