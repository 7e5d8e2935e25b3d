using Millrace.Testing;

namespace Millrace.Servers;

/// <summary>
/// An S3 server of the tests' own: Ceph's RADOS gateway over a cluster of one monitor and one store in memory, on 127.0.0.1, ready in about ten
/// seconds. What stops, is killed and starts again is the gateway, which keeps nothing itself: the objects stay.
/// </summary>
public sealed class CephServer : IAsyncDisposable
{
    private const string HowToInstall = "install Ceph's S3 gateway with: apt-get install --no-install-recommends ceph-mon ceph-osd radosgw ceph-common";
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);
    private static readonly string[] Pools =
    [
        ".rgw.root", "default.rgw.log", "default.rgw.control", "default.rgw.meta", "default.rgw.buckets.index", "default.rgw.buckets.data",
        "default.rgw.buckets.non-ec",
    ];

    private readonly ServerAccount _account = ServerAccount.Of("ceph");
    private readonly int _port = FreePort.Next();
    private readonly int _monitorPort = FreePort.Next();
    private ServerProcess? _monitor;
    private ServerProcess? _store;
    private ServerProcess? _gateway;
    private string _directory = "";

    private CephServer()
    {
    }

    /// <summary>Where it speaks S3, by addresses in path style.</summary>
    public Uri Endpoint => new($"http://127.0.0.1:{_port}");

    /// <summary>Name of its one user.</summary>
    public string AccessKey { get; } = "millrace" + Guid.NewGuid().ToString("n")[..12];

    /// <summary>The user's secret.</summary>
    public string SecretKey { get; } = Guid.NewGuid().ToString("n");

    private string Configuration => Path.Combine(_directory, "ceph.conf");

    /// <summary>Starts one without buckets; skips the test, or fails it in CI, where Ceph is not installed.</summary>
    public static async Task<CephServer> StartAsync(CancellationToken cancellationToken)
    {
        foreach (var program in new[] { "ceph-mon", "ceph-osd", "radosgw", "ceph" }) TestEnvironment.RequireProgramOrSkip(program, HowToInstall);
        return await FreePort.StartAsync(
            () => new CephServer(),
            async server =>
            {
                await server.InitializeAsync(cancellationToken);
                await server.StartAgainAsync(cancellationToken);
            });
    }

    /// <summary>Stops the gateway as an administrator does.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_gateway is not { HasExited: false } gateway) return;
        Signals.Send(gateway.Id, Signals.Terminate);
        await gateway.WaitForExitAsync(cancellationToken);
    }

    /// <summary>kill -9 of the gateway.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        if (_gateway is null) return;
        _gateway.Kill();
        await _gateway.WaitForExitAsync(cancellationToken);
    }

    /// <summary>Starts the gateway again on the same port and objects; returns when it answers.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        if (_gateway is { HasExited: false }) return;
        _gateway?.Dispose();
        _gateway = Daemon("radosgw", "-n", "client.rgw");
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        await Eventually.TrueAsync(
            async () =>
            {
                if (_gateway.HasExited) throw new InvalidOperationException("radosgw ended: " + await ReadLogAsync("client.rgw"));
                return await AnswersAsync(http, cancellationToken);
            },
            Deadline,
            "radosgw answers");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _gateway?.Dispose();
        _store?.Dispose();
        _monitor?.Dispose();
        if (_directory.Length > 0 && Directory.Exists(_directory)) Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    private async Task InitializeAsync(CancellationToken cancellationToken)
    {
        _directory = await _account.CreateDirectoryAsync("ceph", cancellationToken);
        await RunAsync("mkdir", ["mon", "osd", "run", "log"], cancellationToken);
        var cluster = Guid.NewGuid();
        var text = CephConfiguration.Text(_directory, cluster, _monitorPort, _port, FreePort.Next());
        await File.WriteAllTextAsync(Configuration, text, cancellationToken);
        await CreateKeysAsync(cancellationToken);

        await RunAsync("monmaptool", ["--create", "--fsid", $"{cluster}", "--addv", "a", $"[v2:127.0.0.1:{_monitorPort}]", "monmap"], cancellationToken);
        await RunAsync("ceph-mon", ["-i", "a", "--mkfs", "--monmap", "monmap", "-c", "ceph.conf"], cancellationToken);
        _monitor = Daemon("ceph-mon", "-i", "a");

        // The store must have the very id that the monitor knows it by.
        var store = $"{Guid.NewGuid()}";
        await AdministerAsync($"osd new {store}", cancellationToken);
        await RunAsync("ceph-osd", ["-i", "0", "--mkfs", "--osd-uuid", store, "-c", "ceph.conf"], cancellationToken);
        _store = Daemon("ceph-osd", "-i", "0");
        // Made beforehand: with one placement group each the gateway starts in a second instead of half a minute.
        await AdministerAsync(
            string.Join('\n', Pools.SelectMany(pool => new[] { $"osd pool create {pool} 1", $"osd pool application enable {pool} rgw" })), cancellationToken);
        await RunAsync(
            "radosgw-admin",
            ["-c", "ceph.conf", "-n", "client.rgw", "user", "create", "--uid=millrace", "--display-name=millrace", $"--access-key={AccessKey}", $"--secret-key={SecretKey}"],
            cancellationToken);
    }

    private async Task CreateKeysAsync(CancellationToken cancellationToken)
    {
        await RunAsync("ceph-authtool", ["--create-keyring", "keyring", "--gen-key", "-n", "mon.", "--cap", "mon", "allow *"], cancellationToken);
        (string Name, string[] Rights)[] others =
        [
            ("client.admin", ["--cap", "mon", "allow *", "--cap", "osd", "allow *", "--cap", "mgr", "allow *", "--cap", "mds", "allow *"]),
            ("osd.0", ["--cap", "mon", "allow profile osd", "--cap", "osd", "allow *"]),
            ("client.rgw", ["--cap", "mon", "allow rw", "--cap", "osd", "allow rwx"]),
        ];
        foreach (var (name, rights) in others)
            await RunAsync("ceph-authtool", ["keyring", "--gen-key", "-n", name, .. rights], cancellationToken);
    }

    // The client reads its commands from a file in one go: its start takes longer than what it does.
    private async Task AdministerAsync(string commands, CancellationToken cancellationToken)
    {
        var file = Path.Combine(_directory, "commands");
        await File.WriteAllTextAsync(file, commands + "\n", cancellationToken);
        await RunAsync("sh", ["-c", "ceph -c ceph.conf --connect-timeout 30 <commands"], cancellationToken);
    }

    // Paths are relative to the directory of the cluster.
    private Task<string> RunAsync(string program, string[] arguments, CancellationToken cancellationToken) => Commands.RunAsync(
        _account.Command("env", ["--chdir", _directory, $"CEPH_CONF={Configuration}", program, .. arguments]), null, cancellationToken);

    private ServerProcess Daemon(string program, params string[] arguments) =>
        ServerProcess.Start(_account.Command(program, ["-f", .. arguments, "-c", Configuration]));

    private async Task<bool> AnswersAsync(HttpClient http, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await http.GetAsync(Endpoint, cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<string> ReadLogAsync(string name)
    {
        var log = Path.Combine(_directory, "log", name + ".log");
        return File.Exists(log) ? string.Join('\n', (await File.ReadAllLinesAsync(log)).TakeLast(20)) : _gateway?.Output ?? "";
    }
}
