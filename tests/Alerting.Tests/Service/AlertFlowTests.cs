using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Alerting.Tests.Support;
using Millrace.Contracts;
using Millrace.Contracts.Protos;
using Millrace.Databases;
using Millrace.Ports.EventLog;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Alerting.Tests.Service;

/// <summary>Windows in, alerts and webhooks out, over the real log, database, bus and HTTP.</summary>
public abstract class AlertFlowTests(MetadataUnderTest database) : IDisposable
{
    private static readonly Dictionary<string, string?> JudgeSilence = new() { ["Millrace:Alerting:SilenceDelay"] = "00:00:04" };
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Purchases_above_the_threshold_for_three_seconds_fire_once_notify_once_and_resolve_once()
    {
        await using var hook = await WebhookReceiver.StartAsync();
        await using var millrace = await Installation.StartAsync(database, _directory);
        await millrace.ReceiverAsync(hook);
        await millrace.PurchaseRuleAsync("""
            "receivers":["ops"],"severity":"critical","labels":{"team":"shop"},"annotations":{"text":"{{ $value }} of {{ $threshold }} in {{ $labels.stream }}"}
            """);
        await RulesAreTakenAsync(millrace);

        foreach (var count in new ulong[] { 2, 9, 8 }) await millrace.SecondAsync(count);
        await millrace.AlertIsAsync("pending");
        Assert.Empty(hook.Requests);
        for (var i = 0; i < 4; i++) await millrace.SecondAsync(7);
        await millrace.AlertIsAsync("firing");
        await millrace.AdvanceUntilAsync(() => Task.FromResult(hook.Count("firing") == 1), "a webhook for firing");
        for (var i = 0; i < 3; i++) await millrace.SecondAsync(1);
        await millrace.AlertIsAsync("resolved");
        await millrace.AdvanceUntilAsync(() => Task.FromResult(hook.Count("resolved") == 1), "a webhook for resolved");

        Assert.Equal(["firing", "resolved"], hook.Requests.Select(request => request.Status));
        var alert = (await millrace.AlertAsync())!;
        Assert.Equal("recovered", (string?)alert["reason"]);
        Assert.Equal(1d, (double)alert["value"]!);
        Assert.Equal("critical", (string?)alert["severity"]);
        Assert.Equal("7 of 5 in shop", (string?)hook.Requests[0].Json["alerts"]![0]!["annotations"]!["text"]);
        var changes = await millrace.ChangesAsync();
        Assert.Equal([AlertState.Pending, AlertState.Firing, AlertState.Resolved], changes.Select(change => change.State));
        Assert.Equal([1L, 2, 3], changes.Select(change => change.Revision));
        Assert.All(changes, change => Assert.Equal((string?)alert["id"], change.AlertId));
        Assert.Equal(changes[0].StartedAtMs + 3000, changes[1].AtMs);
        AssertSigned(hook.Requests[0], Convert.FromBase64String("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        AssertAlertmanager(hook.Requests[0], alert);
    }

    [Fact]
    public async Task Rule_replayed_over_the_past_says_what_it_raised_and_what_another_would_have_and_notifies_nobody()
    {
        await using var millrace = await Installation.StartAsync(database, _directory);
        var id = await millrace.PurchaseRuleAsync("\"receivers\":[]");
        await RulesAreTakenAsync(millrace);
        foreach (var count in new ulong[] { 2, 9, 8, 7, 7, 1, 1, 1, 6, 1 }) await millrace.SecondAsync(count);
        await millrace.AdvanceUntilAsync(async () => (await millrace.ChangesAsync()).Count == 5, "changes");
        var changes = await millrace.ChangesAsync();
        var from = DateTimeOffset.FromUnixTimeMilliseconds(millrace.EventTimeMs - 10_000).ToString("O");
        var to = DateTimeOffset.FromUnixTimeMilliseconds(millrace.EventTimeMs).ToString("O");

        var replay = await millrace.PostAsync($"/api/v1/rules/{id}/replays", $$"""{"from":"{{from}}","to":"{{to}}"}""");
        Assert.Equal((10L, true), ((long)replay["windows"]!, (bool)replay["complete"]!));
        Assert.Equal(
            changes.OrderBy(change => change.AtMs).Select(change => (change.AlertId, State: change.State.ToString().ToLowerInvariant(), change.Value)),
            replay["changes"]!.AsArray().Select(change => ((string)change!["alert_id"]!, State: (string)change["state"]!, (double)change["value"]!)));

        // Half as much for one second: another rule, the same windows.
        var stricter = await millrace.PostAsync($"/api/v1/rules/{id}/replays", $$$"""
            {"from":"{{{from}}}","to":"{{{to}}}","rule":{"name":"Fewer","kind":"threshold","stream":"shop","type":"purchase","receivers":[],
             "condition":{"value":"count","op":">","threshold":1.5} } }
            """);
        Assert.Equal(["firing", "resolved", "firing", "resolved"], stricter["changes"]!.AsArray().Select(change => (string)change!["state"]!).Where(state => state is "firing" or "resolved"));
        Assert.Equal(changes.Count, (await millrace.ChangesAsync()).Count);
        using var stranger = millrace.ClientWith(Millrace.Hosting.Authentication.Scopes.Read, "stranger");
        using var body = new StringContent($$"""{"from":"{{from}}","to":"{{to}}"}""");
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await stranger.PostAsync(new Uri($"/api/v1/rules/{id}/replays", UriKind.Relative), body, TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task Traffic_stops_the_alert_resolves_by_the_clock_of_the_log()
    {
        await using var millrace = await Installation.StartAsync(database, _directory, settings: JudgeSilence);
        await millrace.PurchaseRuleAsync("\"receivers\":[]");
        await RulesAreTakenAsync(millrace);
        for (var i = 0; i < 4; i++) await millrace.SecondAsync(9);

        await millrace.AlertIsAsync("resolved");

        var changes = await millrace.ChangesAsync();
        Assert.Equal([AlertState.Pending, AlertState.Firing, AlertState.Resolved], changes.Select(change => change.State));
        Assert.Equal(millrace.EventTimeMs + 1000, changes[^1].AtMs);
        Assert.Equal(0, changes[^1].Value);
    }

    [Fact]
    public async Task Other_series_go_on_the_missing_one_counts_as_empty()
    {
        await using var millrace = await Installation.StartAsync(database, _directory);
        await millrace.PurchaseRuleAsync("\"receivers\":[]");
        await RulesAreTakenAsync(millrace);
        for (var i = 0; i < 4; i++) await millrace.SecondAsync(9);
        await millrace.AlertIsAsync("firing");

        for (var i = 0; i < 4; i++) await millrace.SecondAsync(100, "view");

        await millrace.AlertIsAsync("resolved");
    }

    [Fact]
    public async Task Aggregator_is_behind_silence_is_not_judged()
    {
        await using var millrace = await Installation.StartAsync(database, _directory, settings: JudgeSilence);
        await millrace.PurchaseRuleAsync("\"receivers\":[]");
        await RulesAreTakenAsync(millrace);
        for (var i = 0; i < 4; i++) await millrace.SecondAsync(9);
        var log = millrace.Services.GetRequiredService<IEventLog>();
        await millrace.AppendEventAsync();

        await millrace.AlertIsAsync("firing");
        await millrace.PassAsync(TimeSpan.FromSeconds(30));
        Assert.Equal("firing", (string?)(await millrace.AlertAsync())!["state"]);

        await using (var aggregator = await log.OpenConsumerAsync(Topics.Events, new LogConsumerOptions { Group = "aggregator" }, CancellationToken.None))
        {
            using var batch = await aggregator.ReadAsync(TimeSpan.FromSeconds(10), CancellationToken.None);
            await aggregator.CommitAsync(batch!.Partition, batch.NextOffset, CancellationToken.None);
        }
        await millrace.AlertIsAsync("resolved");
    }

    [Fact]
    public async Task Series_by_key_have_alerts_of_their_own()
    {
        await using var millrace = await Installation.StartAsync(database, _directory);
        await millrace.PostAsync("/api/v1/rules", """
            {"name":"each","kind":"threshold","stream":"shop","condition":{"value":"count","op":">","threshold":5}}
            """);
        await RulesAreTakenAsync(millrace);
        var start = (millrace.NowMs / 1000 * 1000) - 1000;
        var germany = Installation.Window(start, 9, key: "country=DE");
        germany.Dims.Add(new Dim { Name = "country", Value = "DE" });

        await millrace.AppendAsync(germany, Installation.Window(start, 8, key: "country=FR"), Installation.Window(start, 1, key: "country=IT"),
            Installation.Window(start, 7, "view"));

        await millrace.AdvanceUntilAsync(async () => (await millrace.GetAsync("/api/v1/alerts?state=firing"))["items"]!.AsArray().Count == 3);
        var alerts = (await millrace.GetAsync("/api/v1/alerts"))["items"]!.AsArray();
        Assert.Equal(
            ["purchase country=DE 9", "purchase country=FR 8", "view  7"],
            alerts.Select(alert => $"{alert!["type"]} {alert["key"]} {alert["value"]}").Order(StringComparer.Ordinal));
        Assert.Contains(alerts, alert => (string?)alert!["labels"]!["country"] == "DE");
    }

    [Fact]
    public async Task Absence_of_a_stream_that_was_never_seen_fires_and_resolves_with_the_first_event()
    {
        await using var hook = await WebhookReceiver.StartAsync();
        await using var millrace = await Installation.StartAsync(database, _directory, settings: JudgeSilence);
        await millrace.ReceiverAsync(hook);
        await millrace.PostAsync("/api/v1/rules", """
            {"name":"silent","kind":"absence","stream":"shop","condition":{"for":"30s"},"receivers":["ops"]}
            """);

        await millrace.AlertIsAsync("firing");
        Assert.Equal("absence", (string?)(await millrace.AlertAsync())!["reason"]);
        await millrace.PassAsync(TimeSpan.FromSeconds(10));
        await millrace.SecondAsync(1);
        await millrace.AlertIsAsync("resolved");

        await millrace.AdvanceUntilAsync(() => Task.FromResult(hook.Count("resolved") == 1));
        Assert.Equal(1, hook.Count("firing"));
    }

    [Theory]
    [InlineData("disable", "rule_disabled")]
    [InlineData("delete", "rule_deleted")]
    [InlineData("rewatch", "rule_changed")]
    public async Task Rule_is_gone_its_alert_is_resolved(string change, string reason)
    {
        await using var hook = await WebhookReceiver.StartAsync();
        await using var millrace = await Installation.StartAsync(database, _directory);
        await millrace.ReceiverAsync(hook);
        var id = await millrace.PurchaseRuleAsync();
        await RulesAreTakenAsync(millrace);
        for (var i = 0; i < 4; i++) await millrace.SecondAsync(9);
        await millrace.AlertIsAsync("firing");

        var rule = await millrace.GetAsync("/api/v1/rules/" + id);
        if (change == "disable") rule["enabled"] = false;
        if (change == "rewatch") rule["type"] = "refund";
        await millrace.SendAsync(
            change == "delete" ? HttpMethod.Delete : HttpMethod.Put, "/api/v1/rules/" + id, change == "delete" ? null : rule.ToJsonString());

        await millrace.AlertIsAsync("resolved");
        Assert.Equal(reason, (string?)(await millrace.AlertAsync())!["reason"]);
        await millrace.AdvanceUntilAsync(() => Task.FromResult(hook.Count("resolved") == 1));
    }

    [Fact]
    public async Task Threshold_is_raised_the_firing_alert_is_judged_by_the_new_one()
    {
        await using var millrace = await Installation.StartAsync(database, _directory);
        var id = await millrace.PurchaseRuleAsync("\"receivers\":[]");
        await RulesAreTakenAsync(millrace);
        for (var i = 0; i < 4; i++) await millrace.SecondAsync(9);
        await millrace.AlertIsAsync("firing");

        var rule = await millrace.GetAsync("/api/v1/rules/" + id);
        rule["condition"]!["threshold"] = 20;
        await millrace.SendAsync(HttpMethod.Put, "/api/v1/rules/" + id, rule.ToJsonString());
        await RulesAreTakenAsync(millrace);
        await millrace.SecondAsync(9);

        await millrace.AlertIsAsync("resolved");
        var alert = (await millrace.AlertAsync())!;
        Assert.Equal(("recovered", 20d), ((string?)alert["reason"], (double)alert["threshold"]!));
    }

    /// <summary>Lets the evaluation take up the rules that the API has written.</summary>
    internal static Task RulesAreTakenAsync(Installation millrace)
    {
        var catalog = millrace.Services.GetRequiredService<Alerting.Rules.RuleCatalog>();
        var store = millrace.Services.GetRequiredService<Alerting.Rules.RuleStore>();
        return millrace.AdvanceUntilAsync(
            async () =>
            {
                var stored = await store.LoadAllAsync(CancellationToken.None);
                return catalog.Current is { } current && current.Rules.Select(rule => (rule.Id, rule.Revision)).SequenceEqual(stored.Select(rule => (rule.Id, rule.Revision)));
            },
            "the rules are loaded");
    }

    private static void AssertSigned(WebhookReceiver.Received request, byte[] key)
    {
        var signed = Encoding.UTF8.GetBytes($"{request.Headers["webhook-id"]}.{request.Headers["webhook-timestamp"]}.{request.Body}");
        using var hmac = new HMACSHA256(key);
        Assert.Equal("v1," + Convert.ToBase64String(hmac.ComputeHash(signed)), request.Headers["webhook-signature"]);
        Assert.StartsWith("msg_", request.Id, StringComparison.Ordinal);
    }

    private static void AssertAlertmanager(WebhookReceiver.Received request, System.Text.Json.Nodes.JsonNode alert)
    {
        Assert.Equal("/hook", request.Path);
        Assert.StartsWith("application/json", request.Headers["Content-Type"], StringComparison.Ordinal);
        var message = request.Json;
        Assert.Equal(("4", "Operations"), ((string?)message["version"], (string?)message["receiver"]));
        var told = Assert.Single(message["alerts"]!.AsArray())!;
        Assert.Equal((string?)alert["started_at"], (string?)told["startsAt"]);
        Assert.Equal("0001-01-01T00:00:00Z", (string?)told["endsAt"]);
        Assert.Equal(
            "{\"alertname\":\"Many purchases\",\"severity\":\"critical\",\"stream\":\"shop\",\"team\":\"shop\",\"type\":\"purchase\"}",
            told["labels"]!.ToJsonString());
        Assert.Equal(16, ((string)told["fingerprint"]!).Length);
        Assert.Equal((string?)alert["id"], (string?)told["id"]);
    }
}

public sealed class AlertFlowOnSqliteTests() : AlertFlowTests(new OnSqlite());

public sealed class AlertFlowOnPostgresTests(PostgresFixture postgres) : AlertFlowTests(new OnPostgres(postgres));
