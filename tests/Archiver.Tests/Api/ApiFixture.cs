using System.Text.Json;
using Millrace.Archiver.Tests.Support;
using Millrace.Contracts.Protos;
using Millrace.Testing;
using Xunit;

namespace Millrace.Archiver.Tests.Api;

/// <summary>An archiver with events of two tenants: 100 in the stream shop and 20 in web, and 30 in the other's shop.</summary>
public sealed class ApiFixture(ClickHouseFixture clickHouse) : IAsyncLifetime
{
    /// <summary>2026-07-01T10:00:00Z: the events of the shop come one a second from here, those of web one an hour.</summary>
    private const long Start = TestEvents.Noon;

    private Stores? _stores;
    private ArchiverInstance? _archiver;

    internal ClickHouseFixture ClickHouse { get; } = clickHouse;

    internal ArchiverInstance Archiver => _archiver!;

    internal string Tenant => _stores!.Tenant;

    internal string Other => "o" + Tenant;

    public async ValueTask InitializeAsync()
    {
        _stores = await Stores.OpenAsync();
        _archiver = await ArchiverInstance.StartAsync(_stores, ClickHouse.ClickHouse, null, ("Query:Timeout", "00:00:03"));
        await _stores.AppendAsync([.. Enumerable.Range(0, 100).Select(i => Shop(i, Tenant)), .. Enumerable.Range(0, 30).Select(i => Shop(i, Other))]);
        await _stores.AppendAsync([.. Enumerable.Range(0, 20).Select(i => TestEvents.Of(
            $"w{i:00}", "web", "view", Start + (i * 3_600_000L), Tenant, i))]);
        await Eventually.TrueAsync(async () => await _stores.IsDrainedAsync());
    }

    public async ValueTask DisposeAsync()
    {
        if (_archiver is not null) await _archiver.DisposeAsync();
        if (_stores is not null) await _stores.DisposeAsync();
    }

    internal async Task<(int Status, JsonElement Body)> GetAsync(string path, string? tenant = null)
    {
        using var client = Archiver.Client(tenant ?? Tenant);
        var response = await client.GetAsync(path);
        return ((int)response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync()));
    }

    private static Event Shop(int i, string tenant)
    {
        var e = TestEvents.Of($"s{i:000}", "shop", i % 2 == 0 ? "purchase" : "view", Start + (i * 1_000L), tenant, i);
        e.Source = "till-" + (i % 3);
        e.Dims.Add("country", i % 2 == 0 ? "DE" : "FR");
        if (i % 10 == 0) e.Geo = new GeoPoint { Lat = 1.5, Lon = -2 };
        if (i % 10 == 5) e.Data = Google.Protobuf.ByteString.CopyFromUtf8("""{"n": [1, "zwei"]}""");
        return e;
    }
}
