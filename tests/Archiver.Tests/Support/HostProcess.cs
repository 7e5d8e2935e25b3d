using Millrace.Servers;
using Millrace.Testing;

namespace Millrace.Archiver.Tests.Support;

/// <summary>The archiver's host as a process of its own.</summary>
internal sealed class HostProcess : IDisposable
{
    private readonly ServerProcess _process;
    private readonly Uri _url;

    private HostProcess(ServerProcess process, int port)
    {
        _process = process;
        _url = new Uri($"http://127.0.0.1:{port}/");
    }

    public string Output => _process.Output;

    public static async Task<HostProcess> StartAsync(IReadOnlyDictionary<string, string> settings)
    {
        var mine = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(mine.Parent!.Parent!.FullName, "Millrace.Archiver.Host", mine.Name, "Millrace.Archiver.Host.dll");
        var port = FreePort.Next();
        var arguments = settings.Append(KeyValuePair.Create("Millrace:Http:Port", $"{port}")).Select(setting => $"--{setting.Key}={setting.Value}");
        var host = new HostProcess(ServerProcess.Start(["dotnet", program, .. arguments]), port);
        using var http = new HttpClient { BaseAddress = host._url };
        await Eventually.TrueAsync(
            async () =>
            {
                if (host._process.HasExited) throw new InvalidOperationException("The archiver ended:\n" + host.Output);
                try
                {
                    return (await http.GetAsync("/health/ready")).IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            TimeSpan.FromSeconds(180));
        return host;
    }

    /// <summary>SIGSTOP.</summary>
    public void Pause() => Signals.Send(_process.Id, Signals.Stop);

    /// <summary>SIGCONT.</summary>
    public void Resume() => Signals.Send(_process.Id, Signals.Continue);

    /// <summary>SIGKILL.</summary>
    public void Kill() => _process.Kill();

    public void Dispose() => _process.Dispose();
}
