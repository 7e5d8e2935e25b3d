using Microsoft.Extensions.Diagnostics.HealthChecks;
using Millrace.Ports.Notifications;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Adapters.MassTransit.Tests.RabbitMq;

/// <summary>Brokers that go and come back, each test with one of its own.</summary>
public sealed class BrokerRestartTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Broker_restarts_with_messages_under_way_every_confirmed_one_is_handled(bool kill)
    {
        await using var server = await RabbitMqServer.StartAsync(Cancelled);
        using var go = new SemaphoreSlim(0);
        var handler = new Handler((_, token) => go.WaitAsync(token));
        await using var host = await BusHost.StartAsync(server, BusHost.NewQueue(), handler, ("Notifications:Concurrency", "4"));
        for (var i = 0; i < 50; i++) await host.Bus.SendAsync(Command($"n-{i}"), Cancelled);
        await Eventually.TrueAsync(() => handler.Calls == 4);

        await (kill ? server.KillAsync(Cancelled) : server.StopAsync(Cancelled));
        await Eventually.TrueAsync(async () => (await host.HealthAsync()).Status == HealthStatus.Unhealthy);
        await server.StartAgainAsync(Cancelled);
        go.Release(1000);

        // At least once: those that were being handled when the broker went come again.
        await Eventually.TrueAsync(() => handler.Handled.Distinct().Count() == 50, TimeSpan.FromSeconds(60));
        await Eventually.TrueAsync(async () => (await host.HealthAsync()).Status == HealthStatus.Healthy);
        Assert.InRange(handler.Handled.Count, 50, 54);
    }

    [Fact]
    public async Task Broker_is_away_sends_fail_in_time_and_succeed_when_it_is_back()
    {
        await using var server = await RabbitMqServer.StartAsync(Cancelled);
        var handler = new Handler();
        await using var host = await BusHost.StartAsync(server, BusHost.NewQueue(), handler, ("Notifications:SendTimeout", "00:00:00.500"));
        await host.Bus.SendAsync(Command("before"), Cancelled);
        await server.StopAsync(Cancelled);

        var refused = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            await Assert.ThrowsAsync<NotificationBusException>(() => host.Bus.SendAsync(Command($"n-{i}"), Cancelled));
            refused.Add($"n-{i}");
        }

        await server.StartAgainAsync(Cancelled);
        foreach (var id in refused)
        {
            // As the outbox does: what was not taken is sent again.
            await Eventually.TrueAsync(async () => await TrySendAsync(host.Bus, id));
        }

        await Eventually.TrueAsync(() => handler.Handled.Distinct().Count() == 6);
    }

    [Fact]
    public async Task Broker_is_away_at_the_start_the_host_starts_and_connects_when_it_comes()
    {
        await using var server = await RabbitMqServer.StartAsync(Cancelled);
        await server.StopAsync(Cancelled);
        var handler = new Handler();
        await using var host = await BusHost.StartAsync(server, BusHost.NewQueue(), handler, ("Notifications:SendTimeout", "00:00:00.500"));

        var health = await host.HealthAsync();
        Assert.Equal(HealthStatus.Unhealthy, health.Status);
        await server.StartAgainAsync(Cancelled);

        await Eventually.TrueAsync(async () => (await host.HealthAsync()).Status == HealthStatus.Healthy, TimeSpan.FromSeconds(60));
        await host.Bus.SendAsync(Command("n-1"), Cancelled);
        await Eventually.TrueAsync(() => handler.Handled.Count == 1);
    }

    [Fact]
    public async Task Broker_restarts_while_a_command_waits_for_its_redelivery_it_still_comes()
    {
        await using var server = await RabbitMqServer.StartAsync(Cancelled);
        var queue = BusHost.NewQueue();
        var failures = 1;
        var handler = new Handler((_, _) => Interlocked.Decrement(ref failures) >= 0 ? throw new InvalidOperationException("Not yet.") : Task.CompletedTask);
        await using var host = await BusHost.StartAsync(
            server, queue, handler, ("Notifications:Retries", "0"), ("RabbitMq:Redeliveries:0", "00:00:12"));
        await host.Bus.SendAsync(Command("n-1"), Cancelled);
        // Long enough for the command that counts to start on a busy machine.
        await Eventually.TrueAsync(async () => await server.CountAsync(queue + "_delay_12000ms", Cancelled) == 1);

        await server.StopAsync(Cancelled);
        await server.StartAgainAsync(Cancelled);

        await Eventually.TrueAsync(() => handler.Handled.Count == 1, TimeSpan.FromSeconds(60));
    }

    private static async Task<bool> TrySendAsync(INotificationBus bus, string id)
    {
        try
        {
            await bus.SendAsync(Command(id), Cancelled);
            return true;
        }
        catch (NotificationBusException)
        {
            return false;
        }
    }

    private static NotificationCommand Command(string id) => new(id, "acme", "webhook", "ops", "{}", 1);
}
