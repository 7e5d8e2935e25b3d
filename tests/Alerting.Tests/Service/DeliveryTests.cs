using System.Net;
using System.Text.Json.Nodes;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Alerting.Notifications;
using Millrace.Alerting.Tests.Support;
using Millrace.Databases;
using Millrace.Ports.Metadata;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Alerting.Tests.Service;

/// <summary>Notifications on their way.</summary>
public abstract class DeliveryTests(MetadataUnderTest database) : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Receiver_fails_is_tried_again_under_the_same_id_and_not_before_it_wants_to()
    {
        await using var hook = await WebhookReceiver.StartAsync();
        await using var millrace = await Installation.StartAsync(database, _directory);
        var at = new List<DateTimeOffset>();
        hook.Respond = _ =>
        {
            lock (at)
            {
                at.Add(millrace.Time.GetUtcNow());
                return at.Count switch
                {
                    1 => new WebhookReceiver.Answer(500),
                    2 => new WebhookReceiver.Answer(429, new() { ["Retry-After"] = "37" }),
                    _ => new WebhookReceiver.Answer(200),
                };
            }
        };

        await FireAsync(millrace, hook);
        await DeliveryIsAsync(millrace, "delivered");

        Assert.Equal(3, hook.Requests.Count);
        Assert.Single(hook.Requests.Select(request => request.Id).Distinct());
        Assert.Single(hook.Requests.Select(request => request.Body).Distinct());
        Assert.True(at[2] - at[1] >= TimeSpan.FromSeconds(37), $"{at[2] - at[1]}");
        var delivery = await DeliveryAsync(millrace);
        Assert.Equal((3, "firing", "webhook"), ((int)delivery["attempts"]!, (string?)delivery["event"], (string?)delivery["channel"]));
        Assert.Null(delivery["next_attempt_at"]);
        var log = (await millrace.GetAsync("/api/v1/deliveries/" + (string)delivery["id"]!))["attempt_log"]!.AsArray();
        Assert.Equal(
            ["1 retry HTTP 500 Internal Server Error", "2 retry HTTP 429 Too Many Requests", "3 delivered HTTP 200 OK"],
            log.Select(attempt => $"{attempt!["attempt"]} {attempt["outcome"]} {attempt["detail"]}"));
    }

    [Theory]
    [InlineData(400, "HTTP 400 Bad Request")]
    [InlineData(404, "HTTP 404 Not Found")]
    [InlineData(410, "HTTP 410 Gone")]
    [InlineData(302, "HTTP 302 Found; redirects are not followed")]
    public async Task Receiver_refuses_is_given_up(int status, string error)
    {
        await using var hook = await WebhookReceiver.StartAsync();
        await using var elsewhere = await WebhookReceiver.StartAsync();
        await using var millrace = await Installation.StartAsync(database, _directory);
        hook.Respond = _ => new WebhookReceiver.Answer(status, new() { ["Location"] = elsewhere.Url });

        await FireAsync(millrace, hook);
        await DeliveryIsAsync(millrace, "failed");

        Assert.Equal(error, (string?)(await DeliveryAsync(millrace))["last_error"]);
        Assert.Single(hook.Requests);
        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task Receiver_always_fails_is_given_up_after_the_last_attempt()
    {
        await using var hook = await WebhookReceiver.StartAsync();
        await using var millrace = await Installation.StartAsync(database, _directory, settings: new() { ["Millrace:Alerting:Delivery:MaxAttempts"] = "3" });
        hook.Respond = _ => new WebhookReceiver.Answer(503);

        await FireAsync(millrace, hook);
        await DeliveryIsAsync(millrace, "failed");

        Assert.Equal(3, hook.Requests.Count);
        Assert.Empty((await millrace.GetAsync("/api/v1/deliveries?state=pending"))["items"]!.AsArray());
        var alert = (string)(await millrace.AlertAsync())!["id"]!;
        Assert.Single((await millrace.GetAsync("/api/v1/deliveries?state=failed&alert_id=" + alert))["items"]!.AsArray());
    }

    [Fact]
    public async Task Nobody_listens_is_tried_again_until_somebody_does()
    {
        var hook = await WebhookReceiver.StartAsync();
        await using var millrace = await Installation.StartAsync(database, _directory);
        await hook.DisposeAsync();

        await FireAsync(millrace, hook);
        await millrace.AdvanceUntilAsync(async () => (await millrace.GetAsync("/api/v1/deliveries"))["items"]!.AsArray() is [{ } only]
            && (int)only["attempts"]! >= 2 && (string?)only["state"] == "pending");

        var delivery = await DeliveryAsync(millrace);
        Assert.Equal("ConnectionError: ConnectionRefused", (string?)delivery["last_error"]);
        Assert.NotNull((string?)delivery["next_attempt_at"]);
    }

    [Fact]
    public async Task Resolved_never_overtakes_firing()
    {
        await using var hook = await WebhookReceiver.StartAsync();
        await using var millrace = await Installation.StartAsync(database, _directory);
        var failing = true;
        hook.Respond = _ => new WebhookReceiver.Answer(Volatile.Read(ref failing) ? 503 : 200);

        await FireAsync(millrace, hook);
        await millrace.AdvanceUntilAsync(() => Task.FromResult(hook.Requests.Count > 0));
        await millrace.SecondAsync(1);
        await millrace.AlertIsAsync("resolved");
        await millrace.AdvanceUntilAsync(() => Task.FromResult(hook.Requests.Count > 2));
        Assert.Equal(0, hook.Count("resolved"));
        Volatile.Write(ref failing, false);

        await millrace.AdvanceUntilAsync(() => Task.FromResult(hook.Count("resolved") == 1));
        Assert.Equal("resolved", hook.Requests[^1].Status);
    }

    [Fact]
    public async Task Private_addresses_are_refused_where_the_name_leads_there()
    {
        await using var hook = await WebhookReceiver.StartAsync();
        await using var millrace = await Installation.StartAsync(
            database,
            _directory, settings: new() { ["Millrace:Alerting:Webhooks:AllowPrivateAddresses"] = "false" });
        var port = new Uri(hook.Url).Port;
        foreach (var host in new[] { "127.0.0.1", "localhost", "[::1]", "2130706433", "10.0.0.1", "169.254.169.254" })
        {
            using var content = new StringContent($$"""{"name":"x","kind":"webhook","url":"http://{{host}}:{{port}}/"}""");
            using var answer = await millrace.Client.PostAsync("/api/v1/receivers", content);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Contains("is not a public address", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        // A name is only known to lead to a private address when it is used.
        var name = Dns.GetHostName();
        TestEnvironment.RequireOrSkip(
            (await Dns.GetHostAddressesAsync(name)).All(address => !AddressGuard.IsPublic(address)), $"this machine's name, {name}, leads to a public address");
        await millrace.PostAsync("/api/v1/receivers", $$"""{"id":"ops","name":"x","kind":"webhook","url":"http://{{name}}:{{port}}/"}""");
        await millrace.PurchaseRuleAsync();
        await AlertFlowTests.RulesAreTakenAsync(millrace);
        for (var i = 0; i < 3; i++) await millrace.SecondAsync(9);
        await DeliveryIsAsync(millrace, "failed");

        Assert.Contains("is not a public address", (string?)(await DeliveryAsync(millrace))["last_error"], StringComparison.Ordinal);
        Assert.Empty(hook.Requests);
    }

    [Fact]
    public async Task Channel_fails_itself_is_an_attempt_like_others_and_has_an_end()
    {
        await using var hook = await WebhookReceiver.StartAsync();
        await using var millrace = await Installation.StartAsync(database, _directory, settings: new() { ["Millrace:Alerting:Delivery:MaxAttempts"] = "2" });
        // The first attempt fails, and before the second the receiver's settings are damaged.
        hook.Respond = _ => new WebhookReceiver.Answer(503);
        await FireAsync(millrace, hook);
        await millrace.AdvanceUntilAsync(() => Task.FromResult(hook.Requests.Count == 1));
        await millrace.Services.GetRequiredService<IMetadataDatabase>().InTransactionAsync(
            (connection, transaction, _) => connection.ExecuteAsync("UPDATE alerting_receivers SET settings = '{\"url\":5}'", transaction: transaction),
            TestContext.Current.CancellationToken);

        await DeliveryIsAsync(millrace, "failed");

        var delivery = await DeliveryAsync(millrace);
        Assert.StartsWith("The channel failed: ", (string?)delivery["last_error"], StringComparison.Ordinal);
        Assert.Equal(2, (int)delivery["attempts"]!);
    }

    private static async Task FireAsync(Installation millrace, WebhookReceiver hook)
    {
        await millrace.ReceiverAsync(hook);
        await millrace.PurchaseRuleAsync();
        await AlertFlowTests.RulesAreTakenAsync(millrace);
        for (var i = 0; i < 3; i++) await millrace.SecondAsync(9);
        await millrace.AlertIsAsync("firing");
    }

    private static async Task<JsonNode> DeliveryAsync(Installation millrace) =>
        (await millrace.GetAsync("/api/v1/deliveries"))["items"]!.AsArray().Single()!;

    private static Task DeliveryIsAsync(Installation millrace, string state) => millrace.AdvanceUntilAsync(
        async () => (await millrace.GetAsync("/api/v1/deliveries"))["items"]!.AsArray() is [{ } only] && (string?)only["state"] == state,
        $"the delivery is {state}");
}

public sealed class DeliveryOnSqliteTests() : DeliveryTests(new OnSqlite());

public sealed class DeliveryOnPostgresTests(PostgresFixture postgres) : DeliveryTests(new OnPostgres(postgres));
