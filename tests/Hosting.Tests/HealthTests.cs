using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Millrace.Hosting.Health;
using Xunit;

namespace Millrace.Hosting.Tests;

public sealed class HealthTests
{
    [Fact]
    public async Task Ready_waits_for_every_expected_part_and_notices_one_that_fails()
    {
        await using var host = await TestHost.StartAsync();
        var gate = host.App.Services.GetRequiredService<ReadinessGate>();
        gate.Expect("slow");

        var (status, body) = await host.GetAsync("/health/ready");
        Assert.Equal((503, "unhealthy"), (status, body.GetProperty("status").GetString()));
        var workers = body.GetProperty("dependencies").GetProperty("workers");
        Assert.Equal("Not ready: slow.", workers.GetProperty("detail").GetString());
        Assert.Equal("starting", workers.GetProperty("slow").GetString());
        Assert.Equal(200, (await host.GetAsync("/health/live")).Status);

        gate.MarkReady("slow");
        (status, body) = await host.GetAsync("/health/ready");
        Assert.Equal((200, "healthy"), (status, body.GetProperty("status").GetString()));

        gate.MarkNotReady("slow", "lost its log");
        host.Time.Advance(TimeSpan.FromSeconds(1));
        (status, body) = await host.GetAsync("/health/ready");
        Assert.Equal(503, status);
        Assert.Equal("lost its log", body.GetProperty("dependencies").GetProperty("workers").GetProperty("slow").GetString());
    }

    [Fact]
    public async Task Serving_follows_the_own_parts_and_never_a_server_that_is_away()
    {
        await using var host = await TestHost.StartAsync(services: services => services.AddHealthChecks()
            .AddCheck("database", () => HealthCheckResult.Unhealthy("Away."), tags: [HealthEndpoints.ReadyTag]));
        var gate = host.App.Services.GetRequiredService<ReadinessGate>();

        Assert.Equal(503, (await host.GetAsync("/health/ready")).Status);
        var (status, body) = await host.GetAsync("/health/serving");
        Assert.Equal(200, status);
        Assert.Equal(["workers"], body.GetProperty("dependencies").EnumerateObject().Select(part => part.Name));

        gate.MarkNotReady("connections", "draining");
        host.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(503, (await host.GetAsync("/health/serving")).Status);
    }

    [Fact]
    public async Task Health_shows_each_dependency_and_ready_only_those_that_matter()
    {
        await using var host = await TestHost.StartAsync(services: services => services.AddHealthChecks()
            .AddCheck("archive", () => HealthCheckResult.Degraded("Slow."))
            .AddCheck("engine", () => throw new InvalidTimeZoneException("secret")));

        var (readyStatus, ready) = await host.GetAsync("/health/ready");
        var (allStatus, all) = await host.GetAsync("/health");

        Assert.Equal(200, readyStatus);
        Assert.Equal(["metadata", "workers"], ready.GetProperty("dependencies").EnumerateObject().Select(part => part.Name));
        Assert.Equal(503, allStatus);
        var parts = all.GetProperty("dependencies");
        Assert.Equal("degraded", parts.GetProperty("archive").GetProperty("status").GetString());
        Assert.Equal("Slow.", parts.GetProperty("archive").GetProperty("detail").GetString());
        Assert.Equal("unhealthy", parts.GetProperty("engine").GetProperty("status").GetString());
        Assert.Equal("healthy", parts.GetProperty("metadata").GetProperty("status").GetString());
        Assert.DoesNotContain("secret", all.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_asked_often_checks_at_most_once_a_second_while_all_is_well()
    {
        var checks = 0;
        await using var host = await TestHost.StartAsync(services: services => services.AddHealthChecks().AddCheck("counted", () =>
        {
            Interlocked.Increment(ref checks);
            return HealthCheckResult.Healthy();
        }));

        for (var i = 0; i < 5; i++) await host.GetAsync("/health");
        Assert.Equal(1, checks);
        host.Time.Advance(TimeSpan.FromSeconds(1));
        await host.GetAsync("/health");
        Assert.Equal(2, checks);
    }
}
