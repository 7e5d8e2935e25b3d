using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Millrace.Archiver.Tests.Support;
using Millrace.Contracts.Protos;
using Millrace.Hosting.Authentication;
using Millrace.Ports.ClickHouse;
using Millrace.Testing;
using Xunit;

namespace Millrace.Archiver.Tests.Replays;

/// <summary>What tests of replays share: damage, requests, and what must hold afterwards.</summary>
public abstract class ReplayTestBase(ClickHouseFixture fixture)
{
    private protected const string Path = "/api/v1/replays";

    // Event times of the archiving tests: six days before 2026-07-01 and some seconds of it.
    private protected const string Rollups = """{"target":"rollups","from":"2026-06-25T00:00:00Z","to":"2026-07-01T23:00:00Z"}""";
    private protected const string Table = """{"target":"table","table":"events","from":"2026-06-25T00:00:00Z","to":"2026-07-02T00:00:00Z"}""";

    private protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private protected ClickHouseFixture Fixture { get; } = fixture;

    private protected static string Text(JsonElement document, string name) => document.GetProperty(name).GetString() ?? "";

    private protected static long Rows(JsonElement replay, string name) => replay.GetProperty("rows").GetProperty(name).GetInt64();

    private protected static async Task ArchiveAsync(Stores stores, IReadOnlyList<Event> events)
    {
        // In several cuts.
        foreach (var some in events.Chunk(250))
        {
            await stores.AppendAsync(some);
            await Eventually.TrueAsync(async () => await stores.IsDrainedAsync(), TimeSpan.FromSeconds(60));
        }
    }

    private protected static async Task<JsonElement> PostAsync(ArchiverInstance archiver, Stores stores, string body, string? key = null, HttpStatusCode status = HttpStatusCode.Accepted)
    {
        using var client = archiver.Client(stores.Tenant, Scopes.Admin);
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent(body) };
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        using var answer = await client.SendAsync(request, Cancelled);
        var text = await answer.Content.ReadAsStringAsync(Cancelled);
        Assert.True(status == answer.StatusCode, $"{body}: {answer.StatusCode} {text}");
        return JsonElement.Parse(text);
    }

    private protected static async Task<List<JsonElement>> ListAsync(ArchiverInstance archiver, Stores stores)
    {
        using var client = archiver.Client(stores.Tenant);
        return [.. (await client.GetFromJsonAsync<JsonElement>(new Uri(Path, UriKind.Relative), Cancelled)).GetProperty("items").EnumerateArray()];
    }

    private protected static async Task<JsonElement> EndAsync(ArchiverInstance archiver, Stores stores, JsonElement replay)
    {
        using var client = archiver.Client(stores.Tenant);
        return await Eventually.ValueAsync(
            async () => await client.GetFromJsonAsync<JsonElement>(new Uri($"{Path}/{Text(replay, "id")}", UriKind.Relative), Cancelled),
            now => Text(now, "state") is "done" or "failed" or "cancelled",
            TimeSpan.FromSeconds(180));
    }

    private protected static async Task<JsonElement> ReplayAsync(ArchiverInstance archiver, Stores stores, string body) =>
        await EndAsync(archiver, stores, await PostAsync(archiver, stores, body));

    /// <summary>Some rows of the rollups go, others are doubled.</summary>
    private protected async Task DamageAsync(Stores stores)
    {
        foreach (var table in (string[])["rollup_1m", "rollup_1h", "rollup_1d"])
        {
            await ExecuteAsync($"INSERT INTO millrace.{table} (tenant, stream, type, name, time, count, sum, cut_in) SELECT tenant, stream, type, name, time, count, sum, 9 FROM millrace.{table} WHERE tenant = '{stores.Tenant}'");
            await ExecuteAsync($"ALTER TABLE millrace.{table} DELETE WHERE tenant = '{stores.Tenant}' AND stream = 'stream-1' SETTINGS mutations_sync = 2");
        }
    }

    private protected async Task<IReadOnlyList<string>> RollupsAsync(string tenant) => await Fixture.RowsAsync("SELECT * FROM (" + string.Join(" UNION ALL ", ((string[])["rollup_1m", "rollup_1h", "rollup_1d"]).Select(table =>
        $"SELECT '{table}', stream, type, name, time AS t, sum(count), sum(samples), sum(sum), min(min), max(max), toString(quantilesBFloat16Merge(0.5, 0.95, 0.99)(quantiles)) FROM millrace.{table} WHERE tenant = '{tenant}' GROUP BY ALL"))
        + ") ORDER BY ALL");

    private protected async Task<IReadOnlyList<string>> EventsAsync(string tenant) => await Fixture.RowsAsync(
        $"SELECT stream, type, id, source, time, received_at, toString(dims), toString(values), lat, lon, data FROM millrace.events WHERE tenant = '{tenant}' ORDER BY id");

    private protected Task ExecuteAsync(string sql) => Fixture.ClickHouse.ExecuteAsync(new ClickHouseQuery(sql), Cancelled);

    /// <summary>Rows, objects and ledger as always; rollups as they come from the rows when all is computed anew.</summary>
    private protected async Task HoldsAsync(Stores stores, List<Event> events)
    {
        await Expectation.HoldsAsync(Fixture, stores, events);
        foreach (var (table, bucket) in ((string, string)[])[("rollup_1m", "toStartOfMinute"), ("rollup_1h", "toStartOfHour"), ("rollup_1d", "toStartOfDay")])
        {
            var from = await Fixture.RowsAsync($"SELECT stream, type, {bucket}(time) AS t, count() FROM millrace.events WHERE tenant = '{stores.Tenant}' GROUP BY ALL ORDER BY ALL");
            var rollup = await Fixture.RowsAsync($"SELECT stream, type, time AS t, sum(count) FROM millrace.{table} WHERE tenant = '{stores.Tenant}' AND name = '' GROUP BY ALL ORDER BY ALL");
            Assert.Equal(from.Select(Bare), rollup.Select(Bare));
        }
    }

    // The day's bucket is a Date in one and a DateTime in the other.
    private protected static string Bare(string row) => row.Replace(" 00:00:00", "", StringComparison.Ordinal);
}
