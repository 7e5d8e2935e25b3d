using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Ports.Notifications;
using Millrace.Servers;
using Xunit;

namespace Millrace.Adapters.MassTransit.Tests.RabbitMq;

/// <summary>One process with a bus on a broker, on a queue of the test's own.</summary>
internal sealed class BusHost : IAsyncDisposable
{
    private readonly IHost _host;

    private BusHost(IHost host) => _host = host;

    public INotificationBus Bus => _host.Services.GetRequiredService<INotificationBus>();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>A name for a queue that no other test uses.</summary>
    public static string NewQueue() => "test-" + Guid.NewGuid().ToString("n")[..12];

    /// <summary>Starts one; short delays unless told otherwise.</summary>
    public static async Task<BusHost> StartAsync(
        RabbitMqServer server, string queue, INotificationHandler handler, params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var all = new Dictionary<string, string?>
        {
            ["Millrace:RabbitMq:Host"] = "127.0.0.1",
            ["Millrace:RabbitMq:Port"] = $"{server.Port}",
            ["Millrace:RabbitMq:User"] = RabbitMqServer.User,
            ["Millrace:RabbitMq:Password"] = server.Password,
            ["Millrace:RabbitMq:Queue"] = queue,
            ["Millrace:RabbitMq:Redeliveries:0"] = "00:00:00.100",
            ["Millrace:RabbitMq:Redeliveries:1"] = "00:00:00.200",
            ["Millrace:Notifications:RetryDelay"] = "00:00:00.010",
        };
        foreach (var (key, value) in settings) all["Millrace:" + key] = value;
        builder.Configuration.AddInMemoryCollection(all);
        builder.Services.AddLogging(logging =>
        {
            if (Environment.GetEnvironmentVariable("MILLRACE_TEST_LOG") is not null) logging.AddConsole().SetMinimumLevel(LogLevel.Debug);
        });
        builder.Services.AddSingleton(handler);
        builder.Services.AddRabbitMqNotifications(builder.Configuration);
        var host = builder.Build();
        await host.StartAsync(Cancelled);
        return new BusHost(host);
    }

    public async Task<HealthReportEntry> HealthAsync() =>
        (await _host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancelled)).Entries["notification-bus"];

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}

/// <summary>Keeps what it handles, and does on the way what a test wants.</summary>
internal sealed class Handler(Func<NotificationCommand, CancellationToken, Task>? first = null) : INotificationHandler
{
    private int _calls;

    public ConcurrentQueue<string> Handled { get; } = [];

    public int Calls => Volatile.Read(ref _calls);

    public async Task<DeliveryOutcome> HandleAsync(NotificationCommand command, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        if (first is not null) await first(command, cancellationToken);
        Handled.Enqueue(command.Id);
        return new DeliveryOutcome(DeliveryStatus.Delivered, "200");
    }
}
