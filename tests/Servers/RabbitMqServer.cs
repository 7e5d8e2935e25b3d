using System.Globalization;
using Millrace.Testing;

namespace Millrace.Servers;

/// <summary>
/// A RabbitMQ server of the tests' own: on 127.0.0.1, with directories, node name, cookie and port mapper of its own, ready in about five seconds.
/// Stopped or killed it starts again on the same port and data.
/// </summary>
public sealed class RabbitMqServer : IAsyncDisposable
{
    /// <summary>Name of the administrator.</summary>
    public const string User = "millrace";

    private const string HowToInstall = "RabbitMQ is missing; install it with: apt-get install rabbitmq-server";

    // Debian's scripts on the PATH insist on its own directories; these don't.
    private static readonly string[] Places = ["/usr/lib/rabbitmq/bin", "/opt/homebrew/sbin", "/usr/local/sbin"];

    private readonly ServerAccount _account = ServerAccount.Of("rabbitmq");
    private readonly string _binaries;
    private readonly string _node = $"millrace-{Guid.NewGuid():n}@localhost";
    private readonly int _mapperPort = FreePort.Next();
    private readonly int _nodePort = FreePort.Next();
    private ServerProcess? _mapper;
    private ServerProcess? _process;
    private string _directory = "";

    private RabbitMqServer(string binaries) => _binaries = binaries;

    /// <summary>AMQP port on 127.0.0.1.</summary>
    public int Port { get; } = FreePort.Next();

    /// <summary>AMQP port with TLS on 127.0.0.1, where certificates were given.</summary>
    public int TlsPort { get; } = FreePort.Next();

    /// <summary>Password of <see cref="User"/>.</summary>
    public string Password { get; } = Guid.NewGuid().ToString("n");

    /// <summary>Starts one on fresh data; skips the test, or fails it in CI, where RabbitMQ is not installed.</summary>
    public static Task<RabbitMqServer> StartAsync(CancellationToken cancellationToken) => StartAsync(null, null, cancellationToken);

    /// <summary>Starts one that also speaks TLS.</summary>
    /// <param name="certificatePem">The server's certificate.</param>
    /// <param name="keyPem">Its private key.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<RabbitMqServer> StartAsync(string? certificatePem, string? keyPem, CancellationToken cancellationToken)
    {
        var binaries = Places.FirstOrDefault(place => File.Exists(Path.Combine(place, "rabbitmq-server")));
        TestEnvironment.RequireOrSkip(binaries is not null, HowToInstall);
        TestEnvironment.RequireProgramOrSkip("epmd", HowToInstall);
        return await FreePort.StartAsync(
            () => new RabbitMqServer(binaries),
            async server =>
            {
                await server.InitializeAsync(certificatePem, keyPem, cancellationToken);
                await server.StartAgainAsync(cancellationToken);
            });
    }

    /// <summary>Runs <c>rabbitmqctl</c> and answers with what it writes.</summary>
    public Task<string> ControlAsync(CancellationToken cancellationToken, params string[] arguments) => Commands.RunAsync(
        _account.Command(Path.Combine(_binaries, "rabbitmqctl"), ["-q", "-n", _node, .. arguments]), Environment(), cancellationToken);

    /// <summary>Messages in a queue, those that a consumer holds included; 0 where there is no such queue.</summary>
    public async Task<int> CountAsync(string queue, CancellationToken cancellationToken)
    {
        var lines = await ControlAsync(cancellationToken, "list_queues", "--no-table-headers", "name", "messages");
        var row = lines.Split('\n').Select(line => line.Split('\t')).FirstOrDefault(fields => fields[0] == queue);
        return row is null ? 0 : int.Parse(row[1], CultureInfo.InvariantCulture);
    }

    /// <summary>Stops it as an administrator does; durable messages stay.</summary>
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

    /// <summary>Starts it again on the same port and data; returns when it takes connections.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        if (_process is { HasExited: false }) return;
        _process?.Dispose();
        _process = ServerProcess.Start(_account.Command(Path.Combine(_binaries, "rabbitmq-server")), Environment());
        await _process.WaitForLineAsync(line => line.Contains("Server startup complete", StringComparison.Ordinal), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _process?.Dispose();
        _mapper?.Dispose();
        if (_directory.Length > 0 && Directory.Exists(_directory)) Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    private async Task InitializeAsync(string? certificatePem, string? keyPem, CancellationToken cancellationToken)
    {
        _directory = await _account.CreateDirectoryAsync("rabbitmq", cancellationToken);
        var configuration = $"""
            listeners.tcp.1 = 127.0.0.1:{Port}
            default_user = {User}
            default_pass = {Password}
            log.console = true
            log.console.level = info
            log.file = false
            disk_free_limit.absolute = 50MB

            """;
        if (certificatePem is not null && keyPem is not null)
        {
            // Readable for the account, which is not the one that writes here.
            await File.WriteAllTextAsync(Path.Combine(_directory, "certificate.pem"), certificatePem, cancellationToken);
            await File.WriteAllTextAsync(Path.Combine(_directory, "key.pem"), keyPem, cancellationToken);
            configuration += $"""
                listeners.ssl.1 = 127.0.0.1:{TlsPort}
                ssl_options.certfile = {_directory}/certificate.pem
                ssl_options.keyfile = {_directory}/key.pem
                ssl_options.cacertfile = {_directory}/certificate.pem
                ssl_options.verify = verify_none

                """;
        }

        await File.WriteAllTextAsync(Path.Combine(_directory, "rabbitmq.conf"), configuration, cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_directory, "plugins"), "[rabbitmq_shovel].\n", cancellationToken);
        // The server would start one that outlives it.
        _mapper = ServerProcess.Start(_account.Command("epmd", "-port", $"{_mapperPort}", "-address", "127.0.0.1"), Environment());
    }

    private Dictionary<string, string> Environment() => new()
    {
        // Without a proxy process, so that the signal reaches the server itself.
        ["RUNNING_UNDER_SYSTEMD"] = "true",
        ["HOME"] = _directory,
        ["ERL_EPMD_PORT"] = $"{_mapperPort}",
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_NODENAME"] = _node,
        ["RABBITMQ_DIST_PORT"] = $"{_nodePort}",
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
        ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(_directory, "none"),
        ["RABBITMQ_CONFIG_FILE"] = Path.Combine(_directory, "rabbitmq.conf"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(_directory, "plugins"),
        ["RABBITMQ_MNESIA_BASE"] = Path.Combine(_directory, "data"),
        ["RABBITMQ_LOG_BASE"] = Path.Combine(_directory, "log"),
        ["RABBITMQ_PID_FILE"] = Path.Combine(_directory, "pid"),
    };
}
