using Microsoft.Extensions.DependencyInjection;
using Millrace.Alerting.Storage;
using Millrace.Alerting.Tests.Support;
using Millrace.Databases;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Alerting.Tests.Service;

public abstract class HousekeepingTests(MetadataUnderTest database) : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Old_alerts_deliveries_and_deleted_rules_go_open_ones_stay()
    {
        await using var hook = await WebhookReceiver.StartAsync();
        await using var millrace = await Installation.StartAsync(database, _directory, settings: new() { ["Millrace:Alerting:Retention"] = "2.00:00:00" });
        await millrace.ReceiverAsync(hook);
        var rule = await millrace.PurchaseRuleAsync();
        await AlertFlowTests.RulesAreTakenAsync(millrace);
        // One that fires and ends, one that never fires, one that fires still.
        foreach (var count in new ulong[] { 9, 9, 9, 1, 9, 1, 9, 9, 9 }) await millrace.SecondAsync(count);
        await millrace.AdvanceUntilAsync(() => Task.FromResult(hook.Count("firing") == 2 && hook.Count("resolved") == 1), "three webhooks");
        Assert.Single((await millrace.GetAsync("/api/v1/alerts?state=inactive"))["items"]!.AsArray());
        await millrace.SendAsync(HttpMethod.Delete, "/api/v1/rules/" + (await millrace.PurchaseRuleAsync()));
        await millrace.AdvanceUntilAsync(async () => (await millrace.GetAsync("/api/v1/deliveries?state=delivered"))["items"]!.AsArray().Count == 3);

        // With an event that waits for the aggregator, three days of silence prove nothing.
        await millrace.AppendEventAsync();
        millrace.Time.Jump(TimeSpan.FromDays(3));
        await Eventually.TrueAsync(async () =>
        {
            millrace.Time.Jump(TimeSpan.FromMinutes(11));
            return (await millrace.GetAsync("/api/v1/alerts?state=resolved,inactive"))["items"]!.AsArray().Count == 0;
        });

        Assert.Equal("firing", (string?)(await millrace.AlertAsync())!["state"]);
        Assert.Empty((await millrace.GetAsync("/api/v1/deliveries"))["items"]!.AsArray());
        var tables = millrace.Services.GetRequiredService<AlertingDatabase>();
        Assert.Equal([rule], await tables.QueryAsync<string>("SELECT id FROM alerting_rules", null, CancellationToken.None));
        Assert.Equal(0, await tables.FirstAsync<long>("SELECT COUNT(*) FROM alerting_attempts", null, CancellationToken.None));
    }
}

public sealed class HousekeepingOnSqliteTests() : HousekeepingTests(new OnSqlite());

public sealed class HousekeepingOnPostgresTests(PostgresFixture postgres) : HousekeepingTests(new OnPostgres(postgres));
