using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;

namespace Millrace.Cli.Services;

/// <summary>Runs the five services as processes and says when all of them are ready.</summary>
internal static class ServicesCommand
{
    private static readonly TimeSpan _lookInterval = TimeSpan.FromMilliseconds(250);

    public static async Task<int> RunAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        var configuration = new ConfigurationBuilder()
            .SetBasePath(Directory.GetCurrentDirectory()).AddJsonFile("appsettings.json", optional: true).AddEnvironmentVariables().Build();
        var settings = ServicesSettings.Parse(arguments, configuration);
        Directory.CreateDirectory(settings.Data);
        var ports = settings.FirstPort == 0 ? FreePorts(ServiceCatalog.All.Count) : [.. Enumerable.Range(settings.FirstPort, ServiceCatalog.All.Count)];
        var environment = Environment(configuration, settings, ports);
        var services = ServiceCatalog.All.Select((service, i) => new ServiceProcess(service, ports[i], settings, environment)).ToList();

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = services.Select(service => service.RunAsync(stop.Token)).Append(AnnounceAsync(services, settings, stop.Token)).ToList();
        try
        {
            while (running.Count > 0)
            {
                var ended = await Task.WhenAny(running);
                running.Remove(ended);
                await ended;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return services.TrueForAll(service => service.StoppedCleanly) ? 0 : 1;
    }

    /// <summary>What the services get beside the environment of this process, unless it says otherwise.</summary>
    private static Dictionary<string, string> Environment(IConfiguration configuration, ServicesSettings settings, int[] ports)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        if (settings.ApiKey is null) environment["Millrace__Bootstrap__KeyFile"] = settings.KeyFile;
        // The gateway's address serves everything, so that a dashboard needs no proxy before the five.
        foreach (var (setting, port) in ((string, int)[])[("Ingest", ports[0]), ("Alerting", ports[3]), ("Archiver", ports[4])])
        {
            if (configuration["Millrace:Gateway:Forward:" + setting] is null) environment["Millrace__Gateway__Forward__" + setting] = $"http://127.0.0.1:{port}";
        }

        return environment;
    }

    private static async Task AnnounceAsync(List<ServiceProcess> services, ServicesSettings settings, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        using var timer = new PeriodicTimer(_lookInterval);
        try
        {
            while (!services.TrueForAll(service => service.WasReady))
            {
                await timer.WaitForNextTickAsync(cancellationToken);
                foreach (var service in services.Where(service => !service.WasReady)) service.WasReady = await IsReadyAsync(http, service, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return; // Stopped before all were ready.
        }

        var key = settings.ApiKey ?? (File.Exists(settings.KeyFile) ? File.ReadLines(settings.KeyFile).FirstOrDefault() : null);
        var gateway = services.Single(service => service.Name == ServiceCatalog.Gateway).Address;
        Console.WriteLine($"""

            Millrace's services are ready.
              dashboard   {gateway}{(key is null ? "" : $"#key={key}")}
            {string.Join('\n', services.Select(service => $"  {service.Name,-10}  {service.Address}"))}
              key         {key ?? "made at an earlier start; it is not kept in clear text here"}
            Ctrl-C stops them.

            """);
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, ServiceProcess service, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(service.Address, "health/ready"), cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false; // Not listening yet.
        }
    }

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        try
        {
            listeners.ForEach(listener => listener.Start());
            return [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            listeners.ForEach(listener => listener.Dispose());
        }
    }
}
