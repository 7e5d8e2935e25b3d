using System.Globalization;
using Millrace.Installations;
using Millrace.Servers;
using Millrace.Testing;

namespace Millrace.Verify.Targets;

/// <summary>A standalone Millrace that the checker starts itself, on free ports and a directory of its own.</summary>
internal sealed class StandaloneTarget : IOwnTarget
{
    private readonly TempDirectory? _temporary;
    private readonly Dictionary<string, string> _settings = new(StringComparer.Ordinal)
    {
        // A jump of the clock by an hour uses up an hour of the horizon.
        ["Millrace__Aggregator__DedupHorizon"] = "06:00:00",
        // Whoever is told of alerts listens on loopback.
        ["Millrace__Alerting__Webhooks__AllowPrivateAddresses"] = "true",
    };

    private readonly string[] _ports =
    [
        "--port", FreePort.Next().ToString(CultureInfo.InvariantCulture), "--clickhouse-port", FreePort.Next().ToString(CultureInfo.InvariantCulture),
    ];

    private readonly List<string> _deleted = [];
    private string? _mounted;
    private string _data;
    private readonly Dictionary<string, string> _credentials;
    private Installation? _installation;

    private StandaloneTarget(string? directory, int tenants)
    {
        _temporary = directory is null ? new TempDirectory() : null;
        _data = directory ?? _temporary!.Path;
        Tenants = TenantNames.Of(tenants);
        _credentials = Tenants.ToDictionary(tenant => tenant, TenantNames.Credential);
    }

    /// <summary>Starts one.</summary>
    /// <param name="directory">Where it keeps everything; null for a temporary directory.</param>
    /// <param name="tenants">How many send.</param>
    public static async Task<StandaloneTarget> StartAsync(string? directory, int tenants)
    {
        var target = new StandaloneTarget(directory, tenants);
        try
        {
            await target.StartAgainAsync(null);
            return target;
        }
        catch
        {
            await target.DisposeAsync();
            throw;
        }
    }

    public string Name => "standalone";

    public Uri Url { get; private set; } = null!;

    public IReadOnlyList<string> Tenants { get; }

    public string StreamPrefix => "verify-";

    public string Output => _installation?.Output ?? "";

    public IReadOnlyList<string> Parts { get; } = ["standalone"];

    /// <summary>Where it keeps everything.</summary>
    public string Data => _data;

    /// <summary>The process that runs now.</summary>
    public int ProcessId => _installation?.ProcessId ?? throw new InvalidOperationException("standalone does not run");

    /// <summary>Whether it runs.</summary>
    public bool IsRunning => _installation is not null && Processes.IsAlive(_installation.ProcessId);

    /// <summary>Process of the embedded ClickHouse, 0 while there is none.</summary>
    public int ClickHouseProcessId => Processes.ChildrenOf(ProcessId).FirstOrDefault();

    public string CredentialOf(string tenant) => _credentials[tenant];

    public IAsyncEnumerable<string> ObjectLines(string tenant, string stream) =>
        Installations.ObjectLines.OfDirectoryAsync(Path.Combine(_data, "objects"), tenant, stream);

    public Task KillAsync(string part, CancellationToken cancellationToken) => _installation?.KillAsync() ?? Task.CompletedTask;

    public Task ReviveAsync(string part, CancellationToken cancellationToken) => StartAgainAsync(null);

    /// <summary>Sets a variable for every start from now on.</summary>
    public void Set(string variable, string value) => _settings[variable] = value;

    /// <summary>Starts it again on the same ports and data, whatever became of the one before.</summary>
    /// <param name="fault">Where the new process is to die: the value of <c>MILLRACE_FAULT</c>.</param>
    public async Task StartAgainAsync(string? fault)
    {
        // Forgotten first: where the start fails, its error is what is told, and there is nothing left to end.
        var before = _installation;
        _installation = null;
        if (before is not null) await before.DisposeAsync();
        var settings = new Dictionary<string, string>(_settings);
        if (fault is not null) settings["MILLRACE_FAULT"] = fault;
        _installation = await Installation.StartAsync(_data, settings, _ports);
        Url = _installation.Url;
    }

    /// <summary>Starts it anew, without data, on a file system of 1 GiB.</summary>
    /// <exception cref="InvalidOperationException">None can be mounted.</exception>
    public async Task MoveToSmallDiskAsync(CancellationToken cancellationToken)
    {
        var mount = Directory.CreateTempSubdirectory("millrace-verify-disk-").FullName;
        _deleted.Add(mount);
        await Commands.RunAsync(["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", mount], null, cancellationToken);
        _mounted = _data = mount;
        await StartAgainAsync(null);
    }

    /// <summary>Names a file that goes with the target.</summary>
    public void DeleteAtEnd(string path) => _deleted.Add(path);

    public async ValueTask DisposeAsync()
    {
        if (_installation is not null) await _installation.DisposeAsync();
        if (_mounted is not null) await Commands.RunAsync(["umount", "-l", _mounted], null, CancellationToken.None);
        foreach (var path in _deleted)
        {
            if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
            else File.Delete(path);
        }

        _temporary?.Dispose();
    }
}
