using Millrace.Archiver.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.Archiver.Tests.Pipeline;

/// <summary>Events that came after the allowed lateness are archived like all others, once, and marked.</summary>
public sealed class LateTests(ClickHouseFixture fixture)
{
    private const long Hour = 3_600_000;

    [Fact]
    public async Task Archive_late_events_marks_each_and_counts_it_once_in_every_rollup_also_after_a_restart()
    {
        var clock = new LogClock(TestEvents.Noon);
        await using var stores = await Stores.OpenAsync(clock);
        await using (await ArchiverInstance.StartAsync(stores, fixture.ClickHouse))
        {
            // The watermark is now half a second before noon: a window that ended more than ten seconds earlier takes nothing more.
            await stores.AppendAsync(TestEvents.Of("a", tenant: stores.Tenant, amount: 1));
            await stores.AppendAsync(
                TestEvents.Of("b", timeMs: TestEvents.Noon - Hour, tenant: stores.Tenant, amount: 2),
                TestEvents.Of("c", timeMs: TestEvents.Noon - 11_000, tenant: stores.Tenant, amount: 3));
            await Eventually.TrueAsync(async () => await stores.IsDrainedAsync());
        }

        await using var archiver = await ArchiverInstance.StartAsync(stores, fixture.ClickHouse);
        // Late only for who remembers the watermark: of a stream never seen it would be two seconds earlier.
        await stores.AppendAsync(
            TestEvents.Of("d", timeMs: TestEvents.Noon - 12_000, tenant: stores.Tenant, amount: 4),
            TestEvents.Of("b", timeMs: TestEvents.Noon - Hour, tenant: stores.Tenant, amount: 2));
        clock.NowMs += 60_000;
        // Silence has carried the watermark on.
        await stores.AppendAsync(TestEvents.Of("e", timeMs: TestEvents.Noon + 45_000, tenant: stores.Tenant, amount: 5));
        await stores.AppendAsync(TestEvents.Of("f", timeMs: TestEvents.Noon + 46_000, tenant: stores.Tenant, amount: 6));
        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync());

        Assert.Equal(
            ["a 0", "b 1", "c 0", "d 1", "e 1", "f 1"],
            await fixture.RowsAsync($"SELECT id, toUInt8(late) FROM millrace.events WHERE tenant = '{stores.Tenant}' ORDER BY id"));
        foreach (var rollup in (string[])["rollup_1m", "rollup_1h", "rollup_1d"])
        {
            Assert.Equal(
                ["6 4 21"],
                await fixture.RowsAsync($"SELECT sum(count), sum(late), sum(sum) FROM millrace.{rollup} WHERE tenant = '{stores.Tenant}'"));
        }

        var lines = await stores.LinesAsync();
        Assert.Equal(["b", "d", "e", "f"], lines.Where(line => line.Event.TryGetProperty("late", out var late) && late.GetBoolean()).Select(line => line.Event.GetProperty("id").GetString()).Order());
        Assert.Equal(6, lines.Count);
        using var client = archiver.Client(stores.Tenant);
        var span = $"from={TestEvents.Noon - (2 * Hour)}&to={TestEvents.Noon + Hour}";
        Assert.Equal(4, Count(await client.GetStringAsync($"/api/v1/events?stream=shop&late=true&{span}")));
        Assert.Equal(2, Count(await client.GetStringAsync($"/api/v1/events?stream=shop&late=false&{span}")));
    }

    private static int Count(string body) => System.Text.Json.JsonElement.Parse(body).GetProperty("items").GetArrayLength();
}
