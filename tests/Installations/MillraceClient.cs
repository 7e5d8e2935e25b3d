using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Millrace.Installations;

/// <summary>What a producer, a dashboard and a BI user do, over HTTP.</summary>
internal sealed class MillraceClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly IMillrace _millrace;
    private readonly string _credential;

    public MillraceClient(IMillrace millrace, string credential)
    {
        _millrace = millrace;
        _credential = credential;
        _http = new HttpClient { BaseAddress = millrace.Url, Timeout = TimeSpan.FromSeconds(60) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", credential);
    }

    public Task<HttpResponseMessage> PostAsync(string path, string body, string contentType) => PostAsync(path, Encoding.UTF8.GetBytes(body), contentType);

    public Task<HttpResponseMessage> PostAsync(string path, byte[] body, string contentType)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        return _http.PostAsync(new Uri(path, UriKind.Relative), content);
    }

    public Task<HttpResponseMessage> IngestAsync(IEnumerable<string> lines) => PostAsync("/ingest", string.Join('\n', lines) + "\n", "application/x-ndjson");

    public async Task<JsonNode> GetAsync(string path)
    {
        using var answer = await _http.GetAsync(new Uri(path, UriKind.Relative));
        return await ReadAsync(answer);
    }

    public async Task<JsonNode> SendAsync(HttpMethod method, string path, object body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json") };
        using var answer = await _http.SendAsync(request);
        return await ReadAsync(answer);
    }

    public async Task<Ledger> LedgerAsync()
    {
        var ledger = await GetAsync("/api/v1/ledger");
        return ledger.Deserialize<Ledger>(JsonSerializerOptions.Web)!;
    }

    /// <summary>All windows of a stream as last seen, highest revisions only, page by page.</summary>
    public async Task<List<JsonNode>> WindowsAsync(string stream, bool final)
    {
        var windows = new List<JsonNode>();
        for (string? cursor = null; ;)
        {
            var page = await GetAsync($"/api/v1/windows?stream={stream}&limit=1000{(final ? "&final=true" : "")}{(cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}")}");
            windows.AddRange(page["items"]!.AsArray().Select(item => item!));
            cursor = (string?)page["next"];
            if (cursor is null) return windows;
        }
    }

    /// <summary>SQL over ClickHouse's own HTTP interface, as a BI user; tab-separated.</summary>
    public async Task<string> SqlAsync(string sql, string tenant = Installation.Tenant)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _millrace.ClickHouse) { Content = new StringContent(sql) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{tenant}:{_credential}")));
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? text.Trim() : throw new HttpRequestException(text, null, answer.StatusCode);
    }

    public void Dispose() => _http.Dispose();

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode) throw new HttpRequestException($"{(int)answer.StatusCode}: {text}", null, answer.StatusCode);
        return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
    }
}

/// <summary>GET /api/v1/ledger.</summary>
internal sealed record Ledger(
    string Tenant, long Received, long Aggregated, long Late, long Duplicate, long Rejected,
    [property: System.Text.Json.Serialization.JsonPropertyName("dead_lettered")] long DeadLettered, long Archived, long Pending)
{
    public bool Balances => Received == Aggregated + Late + Duplicate + Rejected && Rejected == DeadLettered && Archived == Received - Duplicate - Rejected;
}
