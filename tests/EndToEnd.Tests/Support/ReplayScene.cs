using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.Testing;
using Xunit;

namespace Millrace.EndToEnd.Tests.Support;

/// <summary>A tenant's events of the last days, what each rollup must say of them, and somebody who damages the tables.</summary>
internal sealed class ReplayScene(string tenant)
{
    private static readonly (string Name, TimeSpan Size)[] _rollups = [("minute", TimeSpan.FromMinutes(1)), ("hour", TimeSpan.FromHours(1)), ("day", TimeSpan.FromDays(1))];
    private static readonly string[] _tables = ["rollup_1m", "rollup_1h", "rollup_1d"];
    private readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();
    private readonly List<(string Id, string Stream, DateTimeOffset Time, int Amount)> _events = [];

    public string Range => $"\"from\":\"{_now.AddDays(-5):O}\",\"to\":\"{_now.AddDays(1):O}\"";

    public MillraceClient Client(Installation millrace) => new(millrace, Tokens.Valid(tenant, "ingest read write admin"));

    /// <summary>Events of three days, each twentieth of them twice, of which nothing is missing anywhere afterwards.</summary>
    public async Task PostAsync(Installation millrace, string stream, int count)
    {
        using var client = Client(millrace);
        foreach (var some in Enumerable.Range(_events.Count, count).Chunk(500))
        {
            foreach (var n in some) _events.Add(($"r{n}", stream, _now.AddMinutes(-(n * 37 % 4300)), n % 97));
            var lines = _events[^some.Length..].Select(Line).ToList();
            using var answer = await client.IngestAsync(lines.Concat(lines.Where((_, i) => i % 20 == 0)));
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        }

        await Eventually.ValueAsync(
            async () => await client.LedgerAsync(), ledger => ledger is { Pending: 0, Balances: true } && ledger.Archived == _events.Count, TimeSpan.FromSeconds(60));
    }

    /// <summary>Of each table of rollups, a third of a stream's rows go, and another third is doubled.</summary>
    public async Task DamageRollupsAsync(Installation millrace, string stream)
    {
        foreach (var table in _tables)
        {
            var mine = $"tenant = '{tenant}' AND stream = '{stream}' AND cityHash64(type, name, time) % 3";
            await millrace.AdministratorSqlAsync(
                $"INSERT INTO millrace.{table} (tenant, stream, type, name, time, count, samples, sum, cut_in) SELECT tenant, stream, type, name, time, count, samples, sum, 9 FROM millrace.{table} WHERE {mine} = 1");
            await millrace.AdministratorSqlAsync($"ALTER TABLE millrace.{table} DELETE WHERE {mine} = 0 SETTINGS mutations_sync = 2");
        }
    }

    /// <summary>A third of a stream's events go.</summary>
    public async Task<long> DamageEventsAsync(Installation millrace, string stream)
    {
        await millrace.AdministratorSqlAsync($"ALTER TABLE millrace.events DELETE WHERE tenant = '{tenant}' AND stream = '{stream}' AND cityHash64(id) % 3 = 0 SETTINGS mutations_sync = 2");
        return _events.Count(one => one.Stream == stream) - (await EventsAsync(millrace, stream)).Count;
    }

    public async Task<JsonNode> BeginAsync(Installation millrace, string target)
    {
        using var client = Client(millrace);
        return await client.SendAsync(HttpMethod.Post, "/api/v1/replays", JsonNode.Parse($"{{{target},{Range}}}")!);
    }

    public async Task<JsonNode> FindAsync(Installation millrace, JsonNode replay)
    {
        using var client = Client(millrace);
        return await client.GetAsync($"/api/v1/replays/{replay["id"]}");
    }

    public Task<JsonNode> EndAsync(Installation millrace, JsonNode replay) => Eventually.ValueAsync(
        async () => await FindAsync(millrace, replay), now => (string?)now["state"] is "done" or "failed" or "cancelled", TimeSpan.FromSeconds(90));

    public async Task<JsonNode> ReplayAsync(Installation millrace, string target) => await EndAsync(millrace, await BeginAsync(millrace, target));

    /// <summary>Every rollup says count and sum of each of its buckets, as they follow from what was sent.</summary>
    public async Task RollupsAreExactAsync(Installation millrace, string stream)
    {
        foreach (var (name, size) in _rollups)
        {
            var expected = _events.Where(one => one.Stream == stream).GroupBy(one => new DateTime(one.Time.UtcTicks / size.Ticks * size.Ticks, DateTimeKind.Utc))
                .Select(bucket => $"{bucket.Key:yyyy-MM-dd'T'HH:mm} {bucket.Count()} {bucket.Sum(one => one.Amount)}");
            var found = (await PointsAsync(millrace, stream, name)).Select(point => $"{((string)point["time"]!)[..16]} {point["count"]} {((double)point["sum"]!).ToString(CultureInfo.InvariantCulture)}");
            Assert.Equal(expected.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
        }
    }

    /// <summary>All that the rollups say.</summary>
    public async Task<List<string>> RollupsAsync(Installation millrace, string stream)
    {
        var points = new List<string>();
        foreach (var (name, _) in _rollups) points.AddRange((await PointsAsync(millrace, stream, name)).Select(point => $"{name} {point.ToJsonString()}"));
        return points;
    }

    /// <summary>The stream's rows, whole.</summary>
    public async Task<List<string>> EventsAsync(Installation millrace, string stream)
    {
        var rows = await millrace.AdministratorSqlAsync(
            $"SELECT id, type, source, time, received_at, late, toString(dims), toString(values), data FROM millrace.events WHERE tenant = '{tenant}' AND stream = '{stream}' ORDER BY id FORMAT TSV");
        return [.. rows.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    /// <summary>The stream's rows are those that were sent, each once.</summary>
    public async Task EventsAreExactAsync(Installation millrace, string stream) => Assert.Equal(
        _events.Where(one => one.Stream == stream).Select(one => one.Id).Order(StringComparer.Ordinal), (await EventsAsync(millrace, stream)).Select(row => row.Split('\t')[0]));

    /// <summary>No replay has left tables behind.</summary>
    public static async Task NothingIsLeftAsync(Installation millrace) =>
        Assert.Equal("", await millrace.AdministratorSqlAsync("SELECT name FROM system.databases WHERE name LIKE 'millrace\\_replay\\_%' FORMAT TSV"));

    private async Task<List<JsonNode>> PointsAsync(Installation millrace, string stream, string rollup)
    {
        using var client = Client(millrace);
        var page = await client.GetAsync($"/api/v1/metrics?stream={stream}&agg={rollup}&value=amount&limit=10000&from={Uri.EscapeDataString(_now.AddDays(-5).ToString("O"))}");
        Assert.Null(page["next"]);
        return [.. page["items"]!.AsArray().Select(point => point!)];
    }

    private static string Line((string Id, string Stream, DateTimeOffset Time, int Amount) one) => JsonSerializer.Serialize(new
    {
        id = one.Id, stream = one.Stream, type = $"type-{one.Amount % 3}", time = one.Time.ToUnixTimeMilliseconds(), source = $"s{one.Amount % 7}",
        dims = new { country = "DE" }, values = new { amount = one.Amount },
    });
}
