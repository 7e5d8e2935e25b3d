using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.Installations;
using Millrace.Verify.Load;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Observe;

/// <summary>Asks an installation what it has, over the API that every user has.</summary>
internal sealed class Inspector : IDisposable
{
    private const int RowsAtOnce = 50_000;
    private const int HealthLength = 600;
    private static readonly TimeSpan _healthLimit = TimeSpan.FromSeconds(5);
    private readonly HttpClient _http;
    private readonly string _tenant;

    public Inspector(ITarget target, string tenant)
    {
        _tenant = tenant;
        _http = new HttpClient { BaseAddress = target.Url, Timeout = TimeSpan.FromSeconds(60) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", target.CredentialOf(tenant));
    }

    /// <summary>The ledger; null while it can't be read.</summary>
    public async Task<Ledger?> TryLedgerAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await GetAsync("/api/v1/ledger", cancellationToken)).Deserialize<Ledger>(JsonSerializerOptions.Web);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or OperationCanceledException)
        {
            return null; // Not yet back after a fault: the caller asks again.
        }
    }

    /// <summary>What it says of its own health, in a line.</summary>
    public async Task<string> HealthAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(_healthLimit);
            using var answer = await _http.GetAsync(new Uri("/health/ready", UriKind.Relative), limit.Token);
            var text = (await answer.Content.ReadAsStringAsync(limit.Token)).ReplaceLineEndings(" ");
            return $"/health/ready answers {(int)answer.StatusCode} {(text.Length > HealthLength ? text[..HealthLength] + "…" : text)}";
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return $"/health/ready does not answer: {e.Message}";
        }
    }

    /// <summary>Rows of a stream in ClickHouse.</summary>
    public async Task<List<FoundEvent>> RowsAsync(string stream, CancellationToken cancellationToken)
    {
        var found = new List<FoundEvent>();
        // Every row of a page, however often an id stands there: pages are cut by number, which an id has one of.
        var last = -1.0;
        while (true)
        {
            var rows = await QueryAsync(
                $"SELECT id, type, toInt64(toUnixTimestamp64Milli(time)), values['n'] AS n, values['amount'], toUInt8(late) FROM events WHERE stream = '{stream}' AND n > {last.ToString("R", CultureInfo.InvariantCulture)} "
                + $"ORDER BY n LIMIT {RowsAtOnce}",
                cancellationToken);
            foreach (var row in rows.Count < RowsAtOnce ? rows : rows.Where(row => Number(row[3]) < Number(rows[^1][3])))
                found.Add(new FoundEvent((string)row[0]!, new EventFacts((string)row[1]!, (long)Number(row[2]), (long)Number(row[3]), (long)Number(row[4])), Number(row[5]) != 0));
            if (rows.Count < RowsAtOnce) return found;
            last = Number(rows[^1][3]) - 0.5;
        }
    }

    /// <summary>Buckets of a rollup table of a stream.</summary>
    public async Task<List<FoundBucket>> RollupAsync(string table, string stream, CancellationToken cancellationToken)
    {
        var rows = await QueryAsync(
            $"SELECT toInt64(toUnixTimestamp(time)), type, sum(count), sumIf(samples, name = 'n'), sumIf(sum, name = 'n'), sumIf(sum, name = 'amount'), sum(late) FROM {table} WHERE stream = '{stream}' GROUP BY time, type",
            cancellationToken);
        return [.. rows.Select(row => new FoundBucket(
            (string)row[1]!, (long)Number(row[0]) * 1_000, (long)Number(row[2]), (long)Number(row[3]), (long)Math.Round(Number(row[4])), (long)Math.Round(Number(row[5])), (long)Number(row[6])))];
    }

    /// <summary>Final windows of a stream, the highest revision of each.</summary>
    public async Task<List<FoundWindow>> WindowsAsync(string stream, CancellationToken cancellationToken)
    {
        var windows = new List<FoundWindow>();
        for (string? cursor = null; ;)
        {
            var page = await GetAsync($"/api/v1/windows?stream={stream}&limit=1000&final=true{(cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}")}", cancellationToken);
            windows.AddRange(page["items"]!.AsArray().Select(item => FoundWindow.Of(item!)));
            cursor = (string?)page["next"];
            if (cursor is null) return windows;
        }
    }

    /// <summary>All alerts of a stream.</summary>
    public async Task<List<FoundAlert>> AlertsAsync(string stream, CancellationToken cancellationToken)
    {
        var alerts = new List<FoundAlert>();
        for (string? cursor = null; ;)
        {
            var page = await GetAsync($"/api/v1/alerts?stream={stream}&limit=500{(cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}")}", cancellationToken);
            alerts.AddRange(page["items"]!.AsArray().Select(item => new FoundAlert((string)item!["id"]!, (string)item["state"]!)));
            cursor = (string?)page["next"];
            if (cursor is null) return alerts;
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<List<JsonArray>> QueryAsync(string sql, CancellationToken cancellationToken)
    {
        using var content = new StringContent(JsonSerializer.Serialize(new { sql }), Encoding.UTF8, "application/json");
        using var answer = await _http.PostAsync(new Uri("/api/v1/query", UriKind.Relative), content, cancellationToken);
        var node = await ReadAsync(answer, sql, cancellationToken);
        return [.. node["data"]!.AsArray().Select(row => row!.AsArray())];
    }

    private async Task<JsonNode> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await _http.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
        return await ReadAsync(answer, path, cancellationToken);
    }

    private async Task<JsonNode> ReadAsync(HttpResponseMessage answer, string what, CancellationToken cancellationToken)
    {
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        return answer.IsSuccessStatusCode
            ? JsonNode.Parse(text)!
            : throw new HttpRequestException($"{_tenant}: {what} answered {(int)answer.StatusCode}: {text}", null, answer.StatusCode);
    }

    // ClickHouse writes 64-bit whole numbers as texts.
    private static double Number(JsonNode? value) => double.Parse(value!.ToString(), CultureInfo.InvariantCulture);
}

/// <summary>A bucket of a rollup.</summary>
/// <param name="Type">Type of its events.</param>
/// <param name="StartMs">Its begin.</param>
/// <param name="Count">Events.</param>
/// <param name="Samples">Events that carry the number.</param>
/// <param name="NumberSum">Sum of the numbers.</param>
/// <param name="AmountSum">Sum of the amounts.</param>
/// <param name="Late">How many of the events were late.</param>
internal sealed record FoundBucket(string Type, long StartMs, long Count, long Samples, long NumberSum, long AmountSum, long Late);
