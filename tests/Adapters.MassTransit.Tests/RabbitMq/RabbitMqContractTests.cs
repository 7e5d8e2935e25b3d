using Millrace.Contract.Suites;
using Millrace.Ports.Notifications;
using Millrace.Servers;

namespace Millrace.Adapters.MassTransit.Tests.RabbitMq;

public class RabbitMqContractTests(RabbitMqFixture rabbit) : NotificationBusContract
{
    private BusHost? _host;

    protected virtual string QuorumQueues => "false";

    protected override async ValueTask<INotificationBus> StartAsync(INotificationHandler handler)
    {
        _host = await BusHost.StartAsync(
            await rabbit.GetServerAsync(), BusHost.NewQueue(), handler, ("Notifications:SendTimeout", "00:00:05"), ("RabbitMq:QuorumQueues", QuorumQueues));
        return _host.Bus;
    }

    protected override async ValueTask StopAsync()
    {
        if (_host is null) return;
        await _host.DisposeAsync();
    }
}

public sealed class RabbitMqQuorumContractTests(RabbitMqFixture rabbit) : RabbitMqContractTests(rabbit)
{
    protected override string QuorumQueues => "true";
}
