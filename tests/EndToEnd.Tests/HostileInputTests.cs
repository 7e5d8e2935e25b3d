using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Millrace.EndToEnd.Tests.Support;
using Xunit;

namespace Millrace.EndToEnd.Tests;

/// <summary>What must be refused is refused with its documented status; the service stays alive and its memory flat.</summary>
[Collection(SharedInstallationCollection.Name)]
public sealed class HostileInputTests(SharedInstallation shared)
{
    private const string Ndjson = "application/x-ndjson";

    [Fact]
    public async Task Zip_bomb_costs_nothing()
    {
        var bomb = new MemoryStream();
        await using (var gzip = new GZipStream(bomb, CompressionLevel.Fastest, leaveOpen: true))
        {
            var zeros = new byte[1 << 20];
            for (var i = 0; i < 1024; i++) await gzip.WriteAsync(zeros);
        }

        var before = Processes.ResidentBytes(shared.Millrace.ProcessId);
        using var http = new HttpClient { BaseAddress = shared.Millrace.Url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Installation.ApiKey);
        for (var i = 0; i < 5; i++)
        {
            using var content = new ByteArrayContent(bomb.GetBuffer(), 0, (int)bomb.Length);
            content.Headers.ContentType = new MediaTypeHeaderValue(Ndjson);
            content.Headers.ContentEncoding.Add("gzip");
            using var answer = await http.PostAsync(new Uri("/ingest", UriKind.Relative), content);
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        }

        var grown = Processes.ResidentBytes(shared.Millrace.ProcessId) - before;
        Assert.True(grown < 200L << 20, $"resident memory grew by {grown >> 20} MiB");
    }

    [Fact]
    public async Task Body_of_100_MB_is_refused()
    {
        using var client = shared.Millrace.Client();
        try
        {
            using var answer = await client.PostAsync("/ingest", new byte[100_000_000], Ndjson);
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        }
        catch (HttpRequestException error) when (error.InnerException is IOException)
        {
            // The server answered and closed while the client was still sending, as RFC 9110, 15.5.14 allows.
        }

        await StillAliveAsync(client);
    }

    public static TheoryData<string, string, int> Bodies => new()
    {
        { "10,001 events", Ndjson, 413 },
        { "depth 1000", "application/json", 400 },
        { "1e999", "application/json", 400 },
        { "duplicate keys", "application/json", 400 },
        { "future", "application/json", 400 },
        { "empty", "application/json", 400 },
        { "invalid UTF-8", "application/json", 400 },
        { "wrong type", "text/html", 415 },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Bad_body_gets_its_status(string kind, string contentType, int status)
    {
        var body = kind switch
        {
            "10,001 events" => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"stream\":\"s\"}\n", 10_001))),
            "depth 1000" => Encoding.UTF8.GetBytes("{\"stream\":\"s\",\"data\":" + new string('[', 1000) + new string(']', 1000) + "}"),
            "1e999" => "{\"stream\":\"s\",\"values\":{\"v\":1e999}}"u8.ToArray(),
            "duplicate keys" => "{\"stream\":\"s\",\"stream\":\"t\"}"u8.ToArray(),
            "future" => Encoding.UTF8.GetBytes($"{{\"stream\":\"s\",\"time\":\"{TimeProvider.System.GetUtcNow().AddHours(1):O}\"}}"),
            "invalid UTF-8" => [.. "{\"stream\":\"s\",\"type\":\""u8, 0xff, 0xfe, .. "\"}"u8],
            "wrong type" => "{\"stream\":\"s\"}"u8.ToArray(),
            _ => [],
        };
        using var client = shared.Millrace.Client();
        using var answer = await client.PostAsync("/ingest", body, contentType);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        await StillAliveAsync(client);
    }

    private static async Task StillAliveAsync(MillraceClient client)
    {
        using var answer = await client.IngestAsync(["{\"stream\":\"alive\"}"]);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }
}
