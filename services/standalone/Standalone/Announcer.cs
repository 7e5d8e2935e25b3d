using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Millrace.Hosting.Bootstrap;
using Millrace.Hosting.Health;
using Millrace.Ports.ClickHouse;
using Millrace.Standalone.Demo;

namespace Millrace.Standalone;

/// <summary>Tells the newcomer where everything is, once everything works.</summary>
internal sealed class Announcer(
    StandaloneArguments arguments, IServer server, ReadinessGate readiness, BootstrapResult bootstrap, ClickHouseLocator locateClickHouse, DemoTarget demo,
    IHostApplicationLifetime lifetime) : BackgroundService
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(20);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await AnnounceAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped before it was ready: whoever stopped it has said why.
        }
    }

    private async Task AnnounceAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
        var url = server.Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var clickHouse = await locateClickHouse(stoppingToken);
        using var timer = new PeriodicTimer(LookInterval);
        while (!readiness.IsReady) await timer.WaitForNextTickAsync(stoppingToken);

        var key = bootstrap.ApiKey;
        Console.WriteLine($"""

            Millrace is ready.
              dashboard   {url}/{(key is null ? "" : $"#key={key}")}
              clickhouse  {clickHouse.Url.GetLeftPart(UriPartial.Authority)}
              tenant      {bootstrap.Tenant}
              key         {key ?? "made at the first start; it is not kept in clear text"}
              data        {arguments.Data}
            Ctrl-C stops it.

            """);
        if (key is not null) demo.Set(new Uri(url), key);
        else if (arguments.Demo) Console.WriteLine("The demo needs the key in clear text: set Millrace__Bootstrap__ApiKey, or start with an empty --data directory.");
    }
}
