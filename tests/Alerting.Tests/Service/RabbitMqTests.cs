using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Millrace.Alerting.Tests.Support;
using Millrace.Databases;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Alerting.Tests.Service;

/// <summary>Notifications from the outbox over a RabbitMQ that comes and goes.</summary>
public sealed class RabbitMqTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Broker_is_away_for_ten_minutes_no_notification_is_lost_or_doubled()
    {
        await using var server = await RabbitMqServer.StartAsync(Cancelled);
        await using var hook = await WebhookReceiver.StartAsync();
        await using var millrace = await StartAsync(server);
        await server.StopAsync(Cancelled);

        await FireAsync(millrace, hook);
        await millrace.PassAsync(TimeSpan.FromMinutes(10));
        Assert.Empty(hook.Requests);
        var waiting = (await millrace.GetAsync("/api/v1/deliveries"))["items"]!.AsArray().Single()!;
        // What the bus did not take was no attempt.
        Assert.True((int)waiting["attempts"]! <= 1, waiting.ToJsonString());
        await server.StartAgainAsync(Cancelled);

        await DeliveredAsync(millrace);
        var delivery = (await millrace.GetAsync("/api/v1/deliveries"))["items"]!.AsArray().Single()!;
        Assert.Equal((string?)delivery["id"], Assert.Single(hook.Requests).Id);
        Assert.Equal(1, (int)delivery["attempts"]!);
    }

    [Fact]
    public async Task Broker_is_killed_with_a_notification_under_way_it_arrives_under_the_same_id()
    {
        await using var server = await RabbitMqServer.StartAsync(Cancelled);
        await using var hook = await WebhookReceiver.StartAsync();
        await using var millrace = await StartAsync(server);
        using var go = new ManualResetEventSlim();
        hook.Respond = _ =>
        {
            go.Wait(Cancelled);
            return new WebhookReceiver.Answer(204);
        };
        await FireAsync(millrace, hook);
        await millrace.AdvanceUntilAsync(() => Task.FromResult(hook.Requests.Count == 1));

        // The attempt ends with the connection, and the broker, which never heard of an end, brings it again.
        await server.KillAsync(Cancelled);
        go.Set();
        await server.StartAgainAsync(Cancelled);
        await DeliveredAsync(millrace);
        await Eventually.TrueAsync(
            async () => (await millrace.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancelled)).Entries["notification-bus"].Status
                == HealthStatus.Healthy,
            TimeSpan.FromSeconds(60));
        await Eventually.TrueAsync(async () => await server.CountAsync("millrace-notifications", Cancelled) == 0, TimeSpan.FromSeconds(60));

        Assert.Single(hook.Requests.Select(request => request.Id).Distinct());
        Assert.InRange(hook.Requests.Count, 1, 2);
    }

    private async Task<Installation> StartAsync(RabbitMqServer server)
    {
        var millrace = await Installation.StartAsync(new OnSqlite(), _directory, settings: new()
        {
            ["Millrace:Adapters:Notifications"] = "rabbitmq",
            ["Millrace:RabbitMq:Host"] = "127.0.0.1",
            ["Millrace:RabbitMq:Port"] = $"{server.Port}",
            ["Millrace:RabbitMq:User"] = RabbitMqServer.User,
            ["Millrace:RabbitMq:Password"] = server.Password,
            // The test's time runs faster than the broker, and than a receiver on a busy machine.
            ["Millrace:Alerting:Delivery:Lease"] = "01:00:00",
            ["Millrace:Alerting:Webhooks:Timeout"] = "00:05:00",
            ["Millrace:Notifications:SendTimeout"] = "00:05:00",
        });
        return millrace;
    }

    private static async Task FireAsync(Installation millrace, WebhookReceiver hook)
    {
        await millrace.ReceiverAsync(hook);
        await millrace.PurchaseRuleAsync();
        await AlertFlowTests.RulesAreTakenAsync(millrace);
        for (var i = 0; i < 3; i++) await millrace.SecondAsync(9);
        await millrace.AlertIsAsync("firing");
    }

    private static Task DeliveredAsync(Installation millrace) => millrace.AdvanceUntilAsync(
        async () => (await millrace.GetAsync("/api/v1/deliveries"))["items"]!.AsArray() is [{ } only] && (string?)only["state"] == "delivered",
        "the notification is delivered");
}
