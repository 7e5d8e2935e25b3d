using Millrace.Archiver.Tests.Support;
using Millrace.Hosting.Rules;
using Millrace.Testing;
using Xunit;

namespace Millrace.Archiver.Tests.Pipeline;

/// <summary>The archiver judges by the rules that the aggregator has published, and by no others.</summary>
public sealed class RulesTests(ClickHouseFixture fixture)
{
    [Fact]
    public async Task Archive_waits_for_the_first_rules_and_follows_those_that_come_later()
    {
        var clock = new LogClock(TestEvents.Noon);
        await using var stores = await Stores.OpenAsync(clock);
        await stores.ForgetRulesAsync();
        await using var archiver = await ArchiverInstance.StartAsync(stores, fixture.ClickHouse);
        await stores.AppendAsync(TestEvents.Of("a", tenant: stores.Tenant), TestEvents.Of("b", timeMs: TestEvents.Noon - 30_000, tenant: stores.Tenant));
        using (var client = archiver.Client(stores.Tenant)) Assert.False((await client.GetAsync(new Uri("/health/ready", UriKind.Relative), TestContext.Current.CancellationToken)).IsSuccessStatusCode);
        Assert.Equal("0", await fixture.ScalarAsync($"SELECT count() FROM millrace.events WHERE tenant = '{stores.Tenant}'"));

        var lenient = EventRules.Default with { Lateness = EventRules.Default.Lateness with { AllowedLatenessMs = 60_000 }, DedupHorizonMs = 60_000 };
        await stores.PublishAsync(lenient);
        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync(), TimeSpan.FromSeconds(60));
        Assert.Equal(["a 0", "b 0"], await RowsAsync(stores));

        // Another horizon and another lateness: what comes from now on is judged by them, and what was read before is remembered all the same.
        await stores.PublishAsync(EventRules.Default);
        var follower = archiver.Rules;
        await Eventually.TrueAsync(() => follower.Hold(EventRules.Default));
        clock.NowMs += 120_000;
        await stores.AppendAsync(TestEvents.Of("c", timeMs: TestEvents.Noon + 90_000, tenant: stores.Tenant), TestEvents.Of("a", tenant: stores.Tenant));
        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync(), TimeSpan.FromSeconds(60));
        Assert.Equal(["a 0", "b 0", "c 1"], await RowsAsync(stores));
    }

    private Task<IReadOnlyList<string>> RowsAsync(Stores stores) => fixture.RowsAsync($"SELECT id, toUInt8(late) FROM millrace.events WHERE tenant = '{stores.Tenant}' ORDER BY id");
}
