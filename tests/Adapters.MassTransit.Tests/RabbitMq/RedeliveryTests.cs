using System.Diagnostics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Millrace.Ports.Notifications;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Adapters.MassTransit.Tests.RabbitMq;

public sealed class RedeliveryTests(RabbitMqFixture rabbit)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Handler_fails_through_all_retries_command_comes_again_after_each_delay()
    {
        var server = await rabbit.GetServerAsync();
        var times = new List<long>();
        var handler = new Handler((_, _) =>
        {
            times.Add(Stopwatch.GetTimestamp());
            return times.Count <= 4 ? throw new InvalidOperationException("Not yet.") : Task.CompletedTask;
        });
        var queue = BusHost.NewQueue();
        await using var host = await BusHost.StartAsync(server, queue, handler, ("Notifications:Retries", "1"));

        await host.Bus.SendAsync(Command("n-1"), Cancelled);

        await Eventually.TrueAsync(() => handler.Handled.Count == 1);
        // Twice in the process, twice after the first delay, once after the second.
        Assert.Equal(5, times.Count);
        Assert.True(Stopwatch.GetElapsedTime(times[1], times[2]) >= TimeSpan.FromMilliseconds(95));
        Assert.True(Stopwatch.GetElapsedTime(times[3], times[4]) >= TimeSpan.FromMilliseconds(195));
        foreach (var other in new[] { "", "_skipped", "_error" }) Assert.Equal(0, await server.CountAsync(queue + other, Cancelled));
    }

    [Fact]
    public async Task Handler_always_fails_command_ends_in_the_error_queue_and_can_be_driven_again()
    {
        var server = await rabbit.GetServerAsync();
        var queue = BusHost.NewQueue();
        var poison = true;
        var handler = new Handler((command, _) => Volatile.Read(ref poison) && command.Id == "poison" ? throw new InvalidOperationException("Never.") : Task.CompletedTask);
        await using var host = await BusHost.StartAsync(server, queue, handler, ("Notifications:Retries", "0"), ("RabbitMq:MessageTtl", "00:00:01"));
        await host.Bus.SendAsync(Command("poison"), Cancelled);
        await host.Bus.SendAsync(Command("good"), Cancelled);

        await Eventually.TrueAsync(() => handler.Handled.Contains("good"));
        await Eventually.TrueAsync(async () => await server.CountAsync(queue + "_error", Cancelled) == 1);
        Assert.Equal(3, handler.Calls - 1);
        Assert.Equal(0, await server.CountAsync(queue, Cancelled));

        // It stays there: commands that are sent later expire before it does.
        await using (var unread = await BusHost.StartAsync(server, queue + "-unread", new Handler((_, token) => Task.Delay(Timeout.Infinite, token)), ("RabbitMq:MessageTtl", "00:00:02"), ("Notifications:Concurrency", "1")))
        {
            for (var i = 0; i < 5; i++) await unread.Bus.SendAsync(Command($"n-{i}"), Cancelled);
            await Eventually.TrueAsync(async () => await server.CountAsync(queue + "-unread", Cancelled) == 1);
        }

        Assert.Equal(1, await server.CountAsync(queue + "_error", Cancelled));
        Volatile.Write(ref poison, false);
        var uri = $"amqp://{RabbitMqServer.User}:{server.Password}@127.0.0.1:{server.Port}";
        await server.ControlAsync(
            Cancelled, "set_parameter", "shovel", "again-" + queue,
            $$"""{"src-protocol":"amqp091","src-uri":"{{uri}}","src-queue":"{{queue}}_error","dest-protocol":"amqp091","dest-uri":"{{uri}}","dest-queue":"{{queue}}","src-delete-after":"queue-length"}""");
        await Eventually.TrueAsync(() => handler.Handled.Contains("poison"));
        Assert.Equal(0, await server.CountAsync(queue + "_error", Cancelled));
    }

    [Fact]
    public async Task Handler_is_slow_commands_wait_bounded_by_the_time_to_live()
    {
        var server = await rabbit.GetServerAsync();
        var queue = BusHost.NewQueue();
        using var go = new SemaphoreSlim(0);
        var handler = new Handler((_, token) => go.WaitAsync(token));
        await using var host = await BusHost.StartAsync(
            server, queue, handler, ("RabbitMq:MessageTtl", "00:00:01"), ("Notifications:Concurrency", "2"), ("RabbitMq:Prefetch", "2"));

        for (var i = 0; i < 50; i++) await host.Bus.SendAsync(Command($"n-{i}"), Cancelled);

        await Eventually.TrueAsync(() => handler.Calls == 2);
        // Only the two that are being handled are left; the others the sender's outbox has still.
        await Eventually.TrueAsync(async () => await server.CountAsync(queue, Cancelled) == 2);
        go.Release(100);
        await Eventually.TrueAsync(() => handler.Handled.Count == 2);
    }

    [Fact]
    public async Task Concurrency_is_limited_whatever_is_sent_ahead()
    {
        var server = await rabbit.GetServerAsync();
        var (now, most) = (0, 0);
        using var go = new SemaphoreSlim(0);
        var handler = new Handler(async (_, token) =>
        {
            var running = Interlocked.Increment(ref now);
            InterlockedMax(ref most, running);
            await go.WaitAsync(token);
            Interlocked.Decrement(ref now);
        });
        await using var host = await BusHost.StartAsync(
            server, BusHost.NewQueue(), handler, ("Notifications:Concurrency", "3"), ("RabbitMq:Prefetch", "20"));

        for (var i = 0; i < 20; i++) await host.Bus.SendAsync(Command($"n-{i}"), Cancelled);
        await Eventually.TrueAsync(() => Volatile.Read(ref now) == 3);
        go.Release(20);

        await Eventually.TrueAsync(() => handler.Handled.Count == 20);
        Assert.Equal(3, most);
    }

    [Fact]
    public async Task Broker_refuses_the_credentials_is_told_and_the_host_runs()
    {
        var server = await rabbit.GetServerAsync();
        await using var host = await BusHost.StartAsync(
            server, BusHost.NewQueue(), new Handler(), ("RabbitMq:Password", "wrong"), ("Notifications:SendTimeout", "00:00:01"));

        var health = await Eventually.ValueAsync(
            async () => await host.HealthAsync(), report => report.Description!.Contains("password", StringComparison.Ordinal));
        var e = await Assert.ThrowsAsync<NotificationBusException>(() => host.Bus.SendAsync(Command("n-1"), Cancelled));

        Assert.Equal(HealthStatus.Unhealthy, health.Status);
        Assert.Equal(
            "The notification bus (RabbitMQ): the broker refuses the user or the password; check Millrace:RabbitMq:User and Millrace:RabbitMq:Password.",
            health.Description);
        Assert.Contains("the broker refuses the user or the password", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Virtual_host_is_missing_is_told()
    {
        var server = await rabbit.GetServerAsync();
        await using var host = await BusHost.StartAsync(server, BusHost.NewQueue(), new Handler(), ("RabbitMq:VirtualHost", "nowhere"));

        await Eventually.ValueAsync(
            async () => await host.HealthAsync(), report => report.Description!.Contains("Millrace:RabbitMq:VirtualHost", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Queue_stands_there_with_other_settings_is_told()
    {
        var server = await rabbit.GetServerAsync();
        var queue = BusHost.NewQueue();
        await using (var first = await BusHost.StartAsync(server, queue, new Handler())) await first.Bus.SendAsync(Command("n-1"), Cancelled);
        await using var other = await BusHost.StartAsync(server, queue, new Handler(), ("RabbitMq:QuorumQueues", "true"));

        await Eventually.ValueAsync(
            async () => await other.HealthAsync(), report => report.Description!.Contains("Millrace:RabbitMq:Queue", StringComparison.Ordinal));
    }

    [Fact]
    public async Task User_with_rights_on_the_queues_alone_can_send_redeliver_and_give_up()
    {
        var server = await rabbit.GetServerAsync();
        var queue = BusHost.NewQueue();
        await server.ControlAsync(Cancelled, "add_user", queue, "secret");
        await server.ControlAsync(Cancelled, "set_permissions", queue, $"^{queue}", $"^{queue}", $"^{queue}");
        var handler = new Handler((command, _) => command.Id == "bad" ? throw new InvalidOperationException("No.") : Task.CompletedTask);
        await using var host = await BusHost.StartAsync(
            server, queue, handler, ("RabbitMq:User", queue), ("RabbitMq:Password", "secret"), ("Notifications:Retries", "0"));

        await host.Bus.SendAsync(Command("bad"), Cancelled);
        await host.Bus.SendAsync(Command("good"), Cancelled);

        await Eventually.TrueAsync(() => handler.Handled.Contains("good"));
        await Eventually.TrueAsync(async () => await server.CountAsync(queue + "_error", Cancelled) == 1);
    }

    [Fact]
    public async Task Password_from_a_file_is_used()
    {
        var server = await rabbit.GetServerAsync();
        using var directory = new TempDirectory();
        await File.WriteAllTextAsync(directory.File("password"), server.Password + "\n", Cancelled);
        var handler = new Handler();
        await using var host = await BusHost.StartAsync(
            server, BusHost.NewQueue(), handler, ("RabbitMq:Password", null!), ("RabbitMq:PasswordFile", directory.File("password")));

        await host.Bus.SendAsync(Command("n-1"), Cancelled);

        await Eventually.TrueAsync(() => handler.Handled.Count == 1);
    }

    private static NotificationCommand Command(string id) => new(id, "acme", "webhook", "ops", "{}", 1);

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
            // Another one was quicker: look again.
        }
    }
}
