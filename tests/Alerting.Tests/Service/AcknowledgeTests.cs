using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Alerting.Tests.Support;
using Millrace.Databases;
using Millrace.Hosting.Audit;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Alerting.Tests.Service;

/// <summary>What people do with alerts.</summary>
public abstract class AcknowledgeTests(MetadataUnderTest database) : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private WebhookReceiver _hook = null!;
    private Installation _millrace = null!;
    private string _id = "";

    public async ValueTask InitializeAsync()
    {
        _hook = await WebhookReceiver.StartAsync();
        _millrace = await Installation.StartAsync(database, _directory);
        await _millrace.ReceiverAsync(_hook);
        await _millrace.PurchaseRuleAsync();
        await AlertFlowTests.RulesAreTakenAsync(_millrace);
        for (var i = 0; i < 3; i++) await _millrace.SecondAsync(9);
        await _millrace.AlertIsAsync("firing");
        await _millrace.AdvanceUntilAsync(() => Task.FromResult(_hook.Count("firing") == 1));
        _id = (string)(await _millrace.AlertAsync())!["id"]!;
    }

    public async ValueTask DisposeAsync()
    {
        await _millrace.DisposeAsync();
        await _hook.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Ack_and_unack_show_on_the_alert_on_the_topic_and_in_the_audit_log()
    {
        var acked = await ActAsync("ack", """{"comment":"looking into it"}""");
        Assert.Equal("looking into it", (string?)acked["acknowledged_comment"]);
        Assert.StartsWith("key:", (string?)acked["acknowledged_by"], StringComparison.Ordinal);
        Assert.NotNull((string?)acked["acknowledged_at"]);

        _millrace.Time.Advance(TimeSpan.FromMilliseconds(10));
        var unacked = await ActAsync("unack");
        Assert.Null(unacked["acknowledged_by"]);
        _millrace.Time.Advance(TimeSpan.FromMilliseconds(10));
        var again = await ActAsync("ack");
        Assert.Equal((long)acked["revision"]! + 2, (long)again["revision"]!);

        await _millrace.AdvanceUntilAsync(async () => (await _millrace.ChangesAsync()).Count == 5, "every change is published");
        var by = (string)acked["acknowledged_by"]!;
        Assert.Equal(["", "", by, "", by], (await _millrace.ChangesAsync()).Select(change => change.AcknowledgedBy));
        var audit = await _millrace.Services.GetRequiredService<AuditLog>().ReadAsync(Installation.Tenant, null, 3, CancellationToken.None);
        Assert.Equal(
            ["alert.acknowledge", "alert.unacknowledge", "alert.acknowledge"], audit.Where(entry => entry.Subject == _id).Select(entry => entry.Action));
        Assert.Equal("looking into it", audit[2].Detail);
    }

    [Fact]
    public async Task Ack_ends_with_the_alert()
    {
        await ActAsync("ack");
        await _millrace.SecondAsync(1);
        await _millrace.AlertIsAsync("resolved");

        using var late = await _millrace.Client.PostAsync($"/api/v1/alerts/{_id}/ack", null);
        Assert.Equal(HttpStatusCode.Conflict, late.StatusCode);

        for (var i = 0; i < 3; i++) await _millrace.SecondAsync(9);
        await _millrace.AdvanceUntilAsync(async () => (await _millrace.GetAsync("/api/v1/alerts?state=firing"))["items"]!.AsArray().Count == 1);
        var next = (await _millrace.GetAsync("/api/v1/alerts?state=firing"))["items"]![0]!;
        Assert.NotEqual(_id, (string?)next["id"]);
        Assert.Null(next["acknowledged_by"]);
    }

    [Fact]
    public async Task Snooze_ends_while_the_alert_fires_tells_again()
    {
        var snoozed = await ActAsync("snooze", """{"for":"10m"}""");
        Assert.NotNull((string?)snoozed["snoozed_until"]);

        await _millrace.PassAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(1, _hook.Count("firing"));
        _millrace.Time.Advance(TimeSpan.FromMinutes(10));
        await _millrace.AdvanceUntilAsync(() => Task.FromResult(_hook.Count("firing") == 2), "a second notification");

        Assert.Null((await _millrace.AlertAsync())!["snoozed_until"]);
    }

    [Fact]
    public async Task Snooze_ends_after_the_alert_was_resolved_tells_only_of_that()
    {
        await ActAsync("snooze", """{"for":"10m"}""");
        await _millrace.SecondAsync(1);
        await _millrace.AlertIsAsync("resolved");
        await _millrace.AdvanceUntilAsync(() => Task.FromResult(_hook.Count("resolved") == 1));

        Assert.Null((await _millrace.AlertAsync())!["snoozed_until"]);
        _millrace.Time.Advance(TimeSpan.FromMinutes(11));
        await _millrace.PassAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(2, _hook.Requests.Count);
    }

    [Fact]
    public async Task Snooze_is_ended_by_hand_tells_nothing()
    {
        await ActAsync("snooze", """{"for":"10m"}""");
        var ended = await ActAsync("snooze", """{"for":"0s"}""");
        Assert.Null(ended["snoozed_until"]);

        _millrace.Time.Advance(TimeSpan.FromMinutes(11));
        await _millrace.PassAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(1, _hook.Count("firing"));
    }

    [Theory]
    [InlineData("ack", """{"comment":5}""", "comment: Must be a text.")]
    [InlineData("ack", """{"reason":"x"}""", "reason: Is not a known field.")]
    [InlineData("snooze", "{}", "for: Is required.")]
    [InlineData("snooze", """{"for":"soon"}""", "for: 'soon' is not a duration such as 500ms, 3s, 1m30s or 2h.")]
    [InlineData("snooze", """{"for":"31d"}""", "for: Must be between 0s and 4w2d.")]
    public async Task Action_body_is_wrong_says_what(string action, string body, string expected)
    {
        using var content = new StringContent(body);
        using var answer = await _millrace.Client.PostAsync($"/api/v1/alerts/{_id}/{action}", content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Equal("The document has bad fields: " + expected, (string?)problem["detail"]);
    }

    [Fact]
    public async Task List_is_paged_and_filtered()
    {
        await _millrace.SecondAsync(1);
        await _millrace.AlertIsAsync("resolved");
        for (var i = 0; i < 3; i++) await _millrace.SecondAsync(9);
        await _millrace.AdvanceUntilAsync(async () => (await _millrace.GetAsync("/api/v1/alerts?state=firing"))["items"]!.AsArray().Count == 1);

        var first = await _millrace.GetAsync("/api/v1/alerts?limit=1");
        var second = await _millrace.GetAsync("/api/v1/alerts?limit=1&cursor=" + (string)first["next"]!);
        Assert.Equal("firing", (string?)first["items"]![0]!["state"]);
        Assert.Equal("resolved", (string?)second["items"]![0]!["state"]);
        Assert.Null(second["next"]);
        Assert.Empty((await _millrace.GetAsync("/api/v1/alerts?stream=other"))["items"]!.AsArray());
        Assert.Equal(2, (await _millrace.GetAsync("/api/v1/alerts?state=firing,resolved"))["items"]!.AsArray().Count);
        Assert.Equal(_id, (string?)(await _millrace.GetAsync("/api/v1/alerts/" + _id))["id"]);
        foreach (var query in new[] { "?state=burning", "?limit=0", "?limit=501", "?cursor=%C3%A4", "?cursor=eA" })
        {
            using var answer = await _millrace.Client.GetAsync("/api/v1/alerts" + query);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }
    }

    private Task<JsonNode> ActAsync(string action, string? body = null) => _millrace.PostAsync($"/api/v1/alerts/{_id}/{action}", body);
}

public sealed class AcknowledgeOnSqliteTests() : AcknowledgeTests(new OnSqlite());

public sealed class AcknowledgeOnPostgresTests(PostgresFixture postgres) : AcknowledgeTests(new OnPostgres(postgres));
