using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Contracts;
using Millrace.Contracts.Protos;
using Millrace.Databases;
using Millrace.Hosting.Authentication;
using Millrace.Ingest.Tests.Requests;
using Millrace.Ports.EventLog;
using Millrace.Testing;
using Xunit;

namespace Millrace.Ingest.Tests.Letters;

/// <summary>The ingest service with what the tests ask it about dead letters. Several in turn may stand on the same directory.</summary>
internal sealed class LetterServer : IAsyncDisposable
{
    private const string List = "/api/v1/dead-letters";
    public const string Redrives = List + "/redrives";
    private readonly IngestServer _server;

    private LetterServer(IngestServer server) => _server = server;

    public IServiceProvider Services => _server.Services;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static async Task<LetterServer> StartAsync(MetadataUnderTest metadata, TempDirectory directory, CrashingLog? crash = null, params string[] settings)
    {
        var server = await IngestServer.StartAsync(
            metadata,
            services =>
            {
                if (crash is not null) services.Decorate(crash);
            },
            [
                $"Millrace:EventLog:Directory={directory.File("log")}", $"Millrace:Metadata:File={directory.File("letters.db")}",
                "Millrace:Ingest:DeadLetters:RedriveLease=00:00:02", .. settings,
            ]);
        return new LetterServer(server);
    }

    /// <summary>Sends events that are refused, and waits until they are listed.</summary>
    public async Task RefuseAsync(int listed, params string[] events)
    {
        foreach (var text in events) Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(Encoding.UTF8.GetBytes(text), "application/json", "?stream=shop")).Status);
        await ListedAsync(listed);
    }

    /// <summary>Sends a request in a millisecond of its own: the list has no order among letters of one millisecond.</summary>
    public async Task<Answer> PostAsync(byte[] body, string contentType, string query, params (string Name, string Value)[] headers)
    {
        var answer = await _server.PostAsync(body, contentType, query, null, headers);
        var answered = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        SpinWait.SpinUntil(() => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() > answered);
        return answer;
    }

    public async Task<List<JsonNode>> ListedAsync(int count, string query = "")
    {
        var page = await Eventually.ValueAsync(async () => await GetAsync(List + "?limit=500" + query), page => Items(page).Count >= count);
        Assert.Equal(count, Items(page).Count);
        return Items(page);
    }

    public static List<JsonNode> Items(JsonNode page) => [.. page["items"]!.AsArray().Select(item => item!)];

    public async Task<JsonNode> GetAsync(string path, HttpStatusCode status = HttpStatusCode.OK, string? credential = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await SendAsync(request, status, credential);
    }

    public Task<JsonNode> LettersAsync(string query) => GetAsync(List + query);

    public Task<JsonNode> LetterAsync(JsonNode letter) => GetAsync($"{List}/{letter["id"]}");

    public async Task<JsonNode> PostJsonAsync(string path, string body, HttpStatusCode status = HttpStatusCode.Accepted, string? key = null, string? credential = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        return await SendAsync(request, status, credential);
    }

    /// <summary>Asks for a redrive and waits for its end.</summary>
    public async Task<JsonNode> RedriveAsync(string body, string? key = null) => await EndOfAsync(await PostJsonAsync(Redrives, body, key: key));

    public Task<JsonNode> EndOfAsync(JsonNode redrive) => Eventually.ValueAsync(
        async () => await GetAsync($"{Redrives}/{redrive["id"]}"), now => (string)now["state"]! is "done" or "cancelled");

    /// <summary>All events on the log, with the dead letter that each was.</summary>
    public async Task<List<(Event Event, string? Letter)>> EventsAsync()
    {
        var events = new List<(Event, string?)>();
        var left = (await _server.Log.DescribeAsync(Topics.Events, Cancelled)).Partitions.Where(p => p.EndOffset > p.EarliestOffset).ToDictionary(p => p.Partition, p => p.EndOffset);
        await using var consumer = await _server.Log.OpenConsumerAsync(Topics.Events, new LogConsumerOptions(), Cancelled);
        while (left.Count > 0)
        {
            using var batch = await consumer.ReadAsync(TimeSpan.FromSeconds(20), Cancelled);
            Assert.NotNull(batch);
            foreach (var entry in batch.Entries) events.Add((Event.Parser.ParseFrom(entry.Value.Span), entry.Headers?.GetValueOrDefault(Headers.Redrive)));
            if (batch.NextOffset >= left[batch.Partition]) left.Remove(batch.Partition);
        }

        return events;
    }

    /// <summary>A credential of another tenant.</summary>
    public string TokenOf(string tenant, Scopes scopes) =>
        Services.GetRequiredService<ITokenIssuer>().Issue(tenant, "somebody", scopes, [], TimeSpan.FromMinutes(5));

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task<JsonNode> SendAsync(HttpRequestMessage request, HttpStatusCode status, string? credential)
    {
        if (credential is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", credential);
        using var response = await _server.Http.SendAsync(request, Cancelled);
        var text = await response.Content.ReadAsStringAsync(Cancelled);
        Assert.True(status == response.StatusCode, $"{response.StatusCode}: {text}");
        return JsonNode.Parse(text)!;
    }
}
