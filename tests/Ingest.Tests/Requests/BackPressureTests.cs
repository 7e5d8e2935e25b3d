using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Millrace.Contracts;
using Millrace.Ingest.Quotas;
using Millrace.Ports.EventLog;
using Millrace.Testing;
using Xunit;

namespace Millrace.Ingest.Tests.Requests;

public sealed class BackPressureTests
{
    private const string Ndjson = "application/x-ndjson";

    [Fact]
    public async Task Quota_of_events_refuses_until_time_has_paid_for_them()
    {
        var time = new ManualTimeProvider();
        await using var server = await StartAsync(time, "Millrace:Quotas:Default:EventsPerSecond=10", "Millrace:Quotas:Default:BurstSeconds=2");

        var first = await server.PostAsync(Lines(25), Ndjson);
        Assert.Equal((HttpStatusCode.Accepted, 25), (first.Status, first.Accepted));
        Assert.Equal("\"events\";q=20;w=2;qu=\"events\"", first.Headers["RateLimit-Policy"]);
        Assert.Equal("\"events\";r=0;t=3", first.Headers["RateLimit"]);

        var refused = await server.PostAsync("{}");
        Assert.Equal((HttpStatusCode.TooManyRequests, "quota_exceeded", "1"), (refused.Status, refused.Code, refused.Headers["Retry-After"]));
        Assert.True((bool)refused.Body["retryable"]!);
        Assert.Equal("\"events\";r=0;t=3", refused.Headers["RateLimit"]);
        Assert.Equal(25, (await server.ReadAsync(Topics.Events, 25)).Count);

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.Accepted, (await server.PostAsync("{}")).Status);
    }

    [Fact]
    public async Task Quota_of_bytes_counts_what_comes_out_of_compression_and_rejected_events_too()
    {
        var time = new ManualTimeProvider();
        await using var server = await StartAsync(time, "Millrace:Quotas:Tenants:acme:BytesPerSecond=10000", "Millrace:Quotas:Tenants:acme:BurstSeconds=1");
        var body = Encoding.UTF8.GetBytes("{\"data\":\"" + new string('x', 20_000) + "\",\"nope\":1}");
        Assert.Equal(HttpStatusCode.BadRequest, (await server.PostAsync(IngestServer.Gzip(body), "application/json", coding: "gzip")).Status);
        var refused = await server.PostAsync("{}");
        Assert.Equal((HttpStatusCode.TooManyRequests, "2"), (refused.Status, refused.Headers["Retry-After"]));
        Assert.Equal("\"bytes\";q=10000;w=1;qu=\"content-bytes\"", refused.Headers["RateLimit-Policy"]);
    }

    [Fact]
    public async Task Quota_of_another_tenant_does_not_bind()
    {
        await using var server = await StartAsync(new ManualTimeProvider(), "Millrace:Quotas:Tenants:other:EventsPerSecond=1");
        var answer = await server.PostAsync(Lines(1000), Ndjson);
        Assert.Equal((HttpStatusCode.Accepted, false), (answer.Status, answer.Headers.ContainsKey("RateLimit")));
    }

    [Fact]
    public async Task Bodies_beyond_the_bytes_in_flight_are_refused_with_503_and_slow_ones_hold_only_what_they_sent()
    {
        await using var server = await IngestServer.StartAsync(null, "Millrace:Ingest:MaxInFlightBytes=67108864");
        // Announced sizes cost nothing.
        using var slow = await OpenAsync(server, "{\"id\":\"slow");
        Assert.InRange(server.InFlightBytes, 1, 1 << 20);

        // One tenant alone comes to half of it.
        using var held = new Connections();
        for (var i = 0; i < 2; i++) held.Add(await OpenAsync(server, new string(' ', 6 << 20)));
        // 6 MiB stand in a buffer of 8, which counts twice.
        await Eventually.TrueAsync(() => server.InFlightBytes >= 32 << 20);
        var refused = await server.PostAsync(new string(' ', 6 << 20) + "{}");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "overloaded"), (refused.Status, refused.Code));
        Assert.InRange(int.Parse(refused.Headers["Retry-After"], CultureInfo.InvariantCulture), 1, 3);

        held.Dispose();
        await Eventually.TrueAsync(() => server.InFlightBytes < 1 << 20);
        Assert.Equal(HttpStatusCode.Accepted, (await server.PostAsync(new string(' ', 6 << 20) + "\n{}", Ndjson)).Status);
    }

    [Fact]
    public async Task Event_log_that_is_full_is_503_and_nothing_is_acknowledged()
    {
        await using var server = await IngestServer.StartAsync(
            null,
            "Millrace:EventLog:Topics:millrace.events:MaxBytes=1048576",
            "Millrace:EventLog:Topics:millrace.events:Partitions=1",
            "Millrace:EventLog:PageBytes=65536",
            "Millrace:EventLog:SegmentBytes=131072");
        // What a group has yet to read is never dropped, so the log fills up.
        await using var reader = await server.Log.OpenConsumerAsync(Topics.Events, new LogConsumerOptions { Group = "stuck" }, TestContext.Current.CancellationToken);
        var body = $"{{\"data\":\"{new string('x', 100_000)}\"}}";
        var acknowledged = 0;
        Answer answer;
        while ((answer = await server.PostAsync(body)).Status == HttpStatusCode.Accepted) Assert.InRange(++acknowledged, 1, 100);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable", true), (answer.Status, answer.Code, (bool)answer.Body["retryable"]!));
        Assert.True(answer.Headers.ContainsKey("Retry-After"));
        Assert.Equal(acknowledged, (await server.ReadAsync(Topics.Events, acknowledged)).Count);
        Assert.Equal(0, server.InFlightBytes);
        using var health = await server.Http.GetAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Contains("\"ingest\":{\"status\":\"degraded\"", await health.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public void Bucket_charges_concurrent_requests_one_after_the_other()
    {
        var time = new ManualTimeProvider();
        var quota = new TenantQuota(new TenantQuotaOptions { EventsPerSecond = 100, BytesPerSecond = 1_000_000, BurstSeconds = 1 }, time);
        var charged = 0;
        Parallel.For(0, 1000, _ =>
        {
            if (quota.TryCharge(10, 10, out var _)) Interlocked.Increment(ref charged);
        });
        Assert.Equal(10, charged);
        Assert.False(quota.HasAny(out var retryAfter));
        Assert.Equal(TimeSpan.FromMilliseconds(10), retryAfter);
        quota.Refund(10, 10);
        Assert.True(quota.HasAny(out _));
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal("\"events\";r=100;t=0, \"bytes\";r=1000000;t=0", quota.Describe());
    }

    private static Task<IngestServer> StartAsync(ManualTimeProvider time, params string[] settings) => IngestServer.StartAsync(
        services => services.AddSingleton(provider => new TenantQuotas(provider.GetRequiredService<IOptions<QuotaOptions>>(), time)), settings);

    private static string Lines(int count) => string.Concat(Enumerable.Repeat("{}\n", count));

    /// <summary>A request that announces 16 MiB, sends the beginning, and waits.</summary>
    private static async Task<TcpClient> OpenAsync(IngestServer server, string start)
    {
        var before = server.InFlightBytes;
        var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", server.Http.BaseAddress!.Port);
        var head = $"POST /ingest?stream=s HTTP/1.1\r\nHost: x\r\nAuthorization: {server.Http.DefaultRequestHeaders.Authorization}\r\nContent-Type: application/json\r\nContent-Length: {16 << 20}\r\n\r\n";
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(head + start));
        await Eventually.TrueAsync(() => server.InFlightBytes > before);
        return client;
    }

    private sealed class Connections : List<TcpClient>, IDisposable
    {
        public void Dispose() => ForEach(client => client.Dispose());
    }
}
