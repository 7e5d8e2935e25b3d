using System.Diagnostics;
using System.Text.RegularExpressions;
using Millrace.Testing;
using Xunit;

namespace Millrace.Installations;

/// <summary>The five services as <c>./millrace services</c> runs them: one that ends is started again.</summary>
internal sealed partial class ServiceProcesses : IAsyncDisposable
{
    private const int KeptLines = 20_000;
    private static readonly TimeSpan _startLimit = TimeSpan.FromSeconds(120);
    private readonly Process _process;
    private readonly TempDirectory _directory = new();
    private readonly Queue<string> _output = [];
    private readonly Dictionary<string, int> _processes = [];
    private readonly Dictionary<string, Uri> _addresses = [];
    private readonly Dictionary<string, int> _exitCodes = [];
    private bool _ready;

    private ServiceProcesses(Process process) => _process = process;

    /// <summary>Where producers and dashboards go.</summary>
    public Uri Gateway => AddressOf("gateway");

    /// <summary>The last lines that the services wrote.</summary>
    public string Output
    {
        get
        {
            lock (_output) return string.Join('\n', _output);
        }
    }

    /// <summary>Starts them where they can't run.</summary>
    /// <returns>The exit code, and everything that was written.</returns>
    public static async Task<(int Code, string Output)> TryStartAsync(IReadOnlyDictionary<string, string> settings)
    {
        using var directory = new TempDirectory();
        using var process = Process.Start(Command(settings, directory.Path))!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return (process.ExitCode, await output + errors);
    }

    public static async Task<ServiceProcesses> StartAsync(IReadOnlyDictionary<string, string> settings, CancellationToken cancellationToken)
    {
        var services = new ServiceProcesses(new Process());
        services._process.StartInfo = Command(settings, services._directory.Path);
        services._process.OutputDataReceived += (_, line) => services.Note(line.Data);
        services._process.ErrorDataReceived += (_, line) => services.Note(line.Data);
        services._process.Start();
        services._process.BeginOutputReadLine();
        services._process.BeginErrorReadLine();
        try
        {
            await Eventually.TrueAsync(() => services._ready || services._process.HasExited || cancellationToken.IsCancellationRequested, _startLimit, "services ready");
        }
        catch
        {
            TestContext.Current.TestOutputHelper?.WriteLine(services.Output);
            await services.DisposeAsync();
            throw;
        }

        if (services._ready) return services;
        var output = services.Output;
        await services.DisposeAsync();
        throw new InvalidOperationException($"The services did not start:\n{output}");
    }

    public Uri AddressOf(string service)
    {
        lock (_output) return _addresses[service];
    }

    /// <summary>The process that a service is now.</summary>
    public int ProcessOf(string service)
    {
        lock (_output) return _processes[service];
    }

    /// <summary>What a service ended with last: 137 after <c>kill -9</c>; null where it has not ended yet.</summary>
    public int? ExitCodeOf(string service)
    {
        lock (_output) return _exitCodes.TryGetValue(service, out var code) ? code : null;
    }

    /// <summary>kill -9 of a service, and the wait until it has been started again and is ready.</summary>
    public async Task KillAsync(string service)
    {
        var killed = ProcessOf(service);
        Processes.KillAlone(killed);
        await UntilReplacedAsync(service, killed);
    }

    /// <summary>Waits until a service is another process than the one that was killed, and ready.</summary>
    public async Task UntilReplacedAsync(string service, int killed)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        await Eventually.TrueAsync(
            async () => ProcessOf(service) != killed && await HostProcess.IsReadyAsync(http, AddressOf(service)), TimeSpan.FromSeconds(180), $"{service} ready again");
    }

    /// <summary>SIGTERM, as Ctrl-C would.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _directory.Dispose();
    }

    private static ProcessStartInfo Command(IReadOnlyDictionary<string, string> settings, string directory)
    {
        var start = new ProcessStartInfo("dotnet", [Repository.Cli, "services", "--programs", Repository.Programs, "--port", "0"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory,
        };
        foreach (var (name, value) in settings) start.Environment[name] = value;
        return start;
    }

    private void Note(string? line)
    {
        if (line is null) return;
        lock (_output)
        {
            _output.Enqueue(line);
            if (_output.Count > KeptLines) _output.Dequeue();
            _ready |= line.StartsWith("Millrace's services are ready", StringComparison.Ordinal);
            if (EndedLine().Match(line) is { Success: true } ended)
                _exitCodes[ended.Groups["service"].Value] = int.Parse(ended.Groups["code"].Value, System.Globalization.CultureInfo.InvariantCulture);
            if (StartedLine().Match(line) is not { Success: true } started) return;
            _processes[started.Groups["service"].Value] = int.Parse(started.Groups["process"].Value, System.Globalization.CultureInfo.InvariantCulture);
            _addresses[started.Groups["service"].Value] = new Uri(started.Groups["address"].Value);
        }
    }

    [GeneratedRegex(@"^(?<service>\w+) +· process (?<process>\d+), (?<address>http://\S+)$")]
    private static partial Regex StartedLine();

    [GeneratedRegex(@"^(?<service>\w+) +· ended with (?<code>\d+),")]
    private static partial Regex EndedLine();
}
