using System.Globalization;
using Millrace.Contracts.Protos;
using Xunit;

namespace Millrace.Archiver.Tests.Support;

/// <summary>Every event exactly once: in the rows, in the three rollups, in the objects, in the ledger.</summary>
internal static class Expectation
{
    public static async Task HoldsAsync(ClickHouseFixture fixture, Stores stores, IReadOnlyList<Event> events, int? distinct = null)
    {
        var tenant = stores.Tenant;
        Assert.Equal(
            $"{events.Count} {distinct ?? events.Count}",
            Assert.Single(await fixture.RowsAsync($"SELECT count(), uniqExact(stream, source, id) FROM millrace.events WHERE tenant = '{tenant}'")));

        // Counts, and the sums of every value: doubling or losing a part would show here.
        var perType = string.Join("; ", events.GroupBy(e => (e.Stream, e.Type)).OrderBy(g => g.Key).Select(group =>
            $"{group.Key.Stream} {group.Key.Type} {group.Count()} {group.Sum(e => e.Values.Count)} {Number(group.SelectMany(e => e.Values.Values).Sum())}"));
        foreach (var table in (string[])["rollup_1m", "rollup_1h", "rollup_1d"])
        {
            var rows = await fixture.RowsAsync(
                $"SELECT stream, type, sum(count), sum(samples), sum(sum) FROM millrace.{table} WHERE tenant = '{tenant}' GROUP BY stream, type ORDER BY stream, type");
            Assert.Equal(perType, string.Join("; ", rows));
        }

        var lines = await stores.LinesAsync();
        var ids = lines.Where(line => line.Event.GetProperty("tenant").GetString() == tenant)
            .Select(line => line.Event.GetProperty("stream").GetString() + "/" + line.Event.GetProperty("id").GetString()).ToList();
        Assert.Equal(events.Select(e => e.Stream + "/" + e.Id).Order(), ids.Order());
        await ManifestsCoverAsync(stores, lines.Count);

        Assert.Equal(events.Count, await stores.ArchivedAsync("clickhouse"));
        Assert.Equal(events.Count, await stores.ArchivedAsync("objects"));
    }

    /// <summary>Manifests name every object once, with its rows, and their ranges do not overlap.</summary>
    private static async Task ManifestsCoverAsync(Stores stores, int lines)
    {
        var manifests = (await stores.ManifestsAsync()).Values.ToList();
        Assert.Equal(lines, manifests.Sum(manifest => manifest.GetProperty("rows").GetInt64()));
        var named = manifests.SelectMany(manifest => manifest.GetProperty("objects").EnumerateArray()).Select(o => o.GetProperty("key").GetString()!).ToList();
        var stored = new List<string>();
        await foreach (var info in stores.Objects.ListAsync("raw/", CancellationToken.None)) stored.Add(info.Key);
        Assert.Equal(stored.Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
        foreach (var partition in manifests.GroupBy(manifest => manifest.GetProperty("partition").GetInt32()))
        {
            var ranges = partition.Select(m => (First: m.GetProperty("first").GetInt64(), Last: m.GetProperty("last").GetInt64())).OrderBy(r => r.First).ToList();
            Assert.All(ranges.Zip(ranges.Skip(1)), pair => Assert.True(pair.First.Last < pair.Second.First));
        }
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
