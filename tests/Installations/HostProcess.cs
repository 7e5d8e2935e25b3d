using System.Globalization;
using Millrace.Servers;
using Millrace.Testing;

namespace Millrace.Installations;

/// <summary>A further instance of a service, beside those that <see cref="ServiceProcesses"/> runs.</summary>
internal sealed class HostProcess : IDisposable
{
    private readonly ServerProcess _process;
    private readonly int _port = FreePort.Next();

    private HostProcess(string program, IReadOnlyDictionary<string, string> settings)
    {
        var release = Path.GetFileName(Path.GetDirectoryName(Repository.Cli)!);
        _process = ServerProcess.Start(
            ["dotnet", Path.Combine(Repository.Programs, program, release, program + ".dll"), $"--Millrace:Http:Port={_port.ToString(CultureInfo.InvariantCulture)}"],
            settings);
    }

    public Uri Address => new($"http://127.0.0.1:{_port}/");

    /// <summary>Starts it and waits for nothing: for one that is to die by itself, maybe before it is ready.</summary>
    public static HostProcess Start(string program, IReadOnlyDictionary<string, string> settings) => new(program, settings);

    /// <summary>Starts it and waits until it is ready.</summary>
    public static async Task<HostProcess> StartAsync(string program, IReadOnlyDictionary<string, string> settings)
    {
        var host = Start(program, settings);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        try
        {
            await Eventually.TrueAsync(
                async () => host._process.HasExited ? throw new InvalidOperationException(host._process.Output) : await IsReadyAsync(http, host.Address),
                TimeSpan.FromSeconds(180),
                program + " ready");
            return host;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>What it ended with: 137 after <c>kill -9</c>.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>What it wrote last.</summary>
    public string Output => _process.Output;

    /// <summary>kill -9.</summary>
    public void Kill() => _process.Kill();

    public void Dispose() => _process.Dispose();

    /// <summary>Whether a service takes requests.</summary>
    public static async Task<bool> IsReadyAsync(HttpClient http, Uri address)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(address, "/health/ready"));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false; // Not there yet, or no longer.
        }
    }
}
