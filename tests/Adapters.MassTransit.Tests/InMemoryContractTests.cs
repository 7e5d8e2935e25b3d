using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.Contract.Suites;
using Millrace.Ports.Notifications;

namespace Millrace.Adapters.MassTransit.Tests;

public sealed class InMemoryContractTests : NotificationBusContract
{
    private IHost? _host;

    protected override async ValueTask<INotificationBus> StartAsync(INotificationHandler handler)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("Millrace:Notifications:SendTimeout", "00:00:02")]);
        builder.Services.AddLogging();
        builder.Services.AddSingleton(handler);
        builder.Services.AddInMemoryNotifications(builder.Configuration);
        _host = builder.Build();
        await _host.StartAsync();
        return _host.Services.GetRequiredService<INotificationBus>();
    }

    protected override async ValueTask StopAsync()
    {
        if (_host is null) return;
        await _host.StopAsync();
        _host.Dispose();
        _host = null;
    }
}
