using Millrace.Archiver.Tests.Support;
using Millrace.Contracts.Protos;
using Millrace.Hosting.Rules;
using Millrace.Testing;
using Xunit;

namespace Millrace.Archiver.Tests.Pipeline;

public sealed class ArchivingTests(ClickHouseFixture fixture)
{
    private const long Hour = 3_600_000;

    [Fact]
    public async Task Archive_mixed_events_puts_each_once_into_every_table_and_object()
    {
        await using var stores = await Stores.OpenAsync();
        await using var archiver = await ArchiverInstance.StartAsync(stores, fixture.ClickHouse);
        var good = Events(stores.Tenant, 3_000);

        foreach (var batch in good.Chunk(250)) await stores.AppendAsync(batch);
        // Repetitions of ids, at once and later, do not count.
        await stores.AppendAsync([.. good.Where((_, i) => i % 10 == 0)]);

        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync());
        await Expectation.HoldsAsync(fixture, stores, good);
    }

    [Fact]
    public async Task Archive_after_a_restart_still_knows_the_ids_from_before()
    {
        await using var stores = await Stores.OpenAsync();
        var good = Events(stores.Tenant, 500);
        await using (await ArchiverInstance.StartAsync(stores, fixture.ClickHouse))
        {
            await stores.AppendAsync(good);
            await Eventually.TrueAsync(async () => await stores.IsDrainedAsync());
        }

        await using (await ArchiverInstance.StartAsync(stores, fixture.ClickHouse))
        {
            await stores.AppendAsync(good);
            await stores.AppendAsync([.. Events(stores.Tenant, 600).Skip(500)]);
            await Eventually.TrueAsync(async () => await stores.IsDrainedAsync());
        }

        await Expectation.HoldsAsync(fixture, stores, Events(stores.Tenant, 600));
    }

    [Fact]
    public async Task Archive_only_repetitions_moves_on_without_writing()
    {
        await using var stores = await Stores.OpenAsync();
        await using var archiver = await ArchiverInstance.StartAsync(stores, fixture.ClickHouse);
        var good = Events(stores.Tenant, 10);
        await stores.AppendAsync(good);
        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync());
        var manifests = (await stores.ManifestsAsync()).Count;

        for (var i = 0; i < 3; i++) await stores.AppendAsync(good);

        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync());
        Assert.Equal(manifests, (await stores.ManifestsAsync()).Count);
        await Expectation.HoldsAsync(fixture, stores, good);
    }

    [Fact]
    public async Task Archive_an_id_again_past_the_horizon_counts_it_as_a_new_event()
    {
        var clock = new LogClock(TestEvents.Noon);
        await using var stores = await Stores.OpenAsync(clock);
        await stores.PublishAsync(EventRules.Default with { DedupHorizonMs = 60_000 });
        await using var archiver = await ArchiverInstance.StartAsync(stores, fixture.ClickHouse);
        var one = TestEvents.Of("1", tenant: stores.Tenant, amount: 1);
        // Each repetition renews the horizon, so the third is one of the second; the fourth comes a moment too late.
        foreach (var passes in (long[])[0, 60_000, 60_000, 60_001])
        {
            clock.NowMs += passes;
            await stores.AppendAsync(one);
        }

        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync());
        await Expectation.HoldsAsync(fixture, stores, [one, one], distinct: 1);
    }

    /// <summary>Events of several streams and types: now, late by an hour and by six days, with and without values.</summary>
    internal static List<Event> Events(string tenant, int count, int from = 0) => [.. Enumerable.Range(from, count).Select(i =>
    {
        var lateness = i % 100 == 7 ? Hour : i % 100 == 13 ? 6 * 24 * Hour : 0;
        var e = TestEvents.Of(
            $"id-{i}", $"stream-{i % 5}", i % 3 == 0 ? "purchase" : "view", TestEvents.Noon + (i * 50L) - lateness, tenant, i % 4 == 0 ? null : i / 4d);
        e.Dims.Add("country", i % 2 == 0 ? "DE" : "FR");
        if (i % 7 == 0) e.Values.Add("latency", i);
        return e;
    })];
}
