using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Adapters.FasterLog;
using Millrace.Contracts;
using Millrace.Databases;
using Millrace.Hosting;
using Millrace.Ingest.Requests;
using Millrace.Ports.EventLog;
using Millrace.Testing;
using Xunit;

namespace Millrace.Ingest.Tests.Requests;

/// <summary>The service as its host makes it, in this process: Kestrel on a free port, the event log and the database in a directory of their own.</summary>
internal sealed class IngestServer : IAsyncDisposable
{
    public const string Tenant = "acme";
    private const string Key = "bootstrap-key-of-the-tests";
    private readonly TempDirectory _directory = new();
    private readonly WebApplication _app;

    private IngestServer(WebApplication app, TempDirectory directory)
    {
        _app = app;
        _directory = directory;
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
    }

    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    public IEventLog Log => _app.Services.GetRequiredService<IEventLog>();

    public long InFlightBytes => _app.Services.GetRequiredService<InFlightBudget>().Used;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static Task<IngestServer> StartAsync(Action<IServiceCollection>? configure = null, params string[] settings) => StartAsync(new OnSqlite(), configure, settings);

    public static async Task<IngestServer> StartAsync(MetadataUnderTest metadata, Action<IServiceCollection>? configure = null, params string[] settings)
    {
        var directory = new TempDirectory();
        string[] args =
        [
            "--Millrace:Http:Port=0", $"--Millrace:EventLog:Directory={directory.File("log")}", $"--Millrace:Metadata:File={directory.File("metadata.db")}",
            $"--Millrace:Bootstrap:Tenant={Tenant}", $"--Millrace:Bootstrap:ApiKey={Key}", .. settings.Select(setting => "--" + setting),
        ];
        var builder = MillraceHost.CreateBuilder(args, 0);
        builder.Logging.ClearProviders();
        await metadata.PrepareAsync();
        metadata.Add(builder.Services, builder.Configuration);
        builder.Services.AddFasterLogAdapter(builder.Configuration).AddIngest(builder.Configuration);
        configure?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapMillraceOperations();
        app.MapIngest();
        await app.StartAsync(Cancelled);
        return new IngestServer(app, directory);
    }

    public Task<Answer> PostAsync(string body, string contentType = "application/json", string query = "?stream=shop") =>
        PostAsync(Encoding.UTF8.GetBytes(body), contentType, query);

    public async Task<Answer> PostAsync(
        byte[] body, string? contentType, string query = "?stream=shop", string? coding = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/ingest" + query, UriKind.Relative)) { Content = new ByteArrayContent(body) };
        if (contentType is not null) request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        if (coding is not null) request.Content.Headers.ContentEncoding.Add(coding);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await SendAsync(request);
    }

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        using var response = await Http.SendAsync(request, Cancelled);
        var text = await response.Content.ReadAsStringAsync(Cancelled);
        var headers = response.Headers.Concat(response.Content.Headers).ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase);
        return new Answer(response.StatusCode, JsonNode.Parse(text)!, headers);
    }

    /// <summary>Reads a topic from its beginning until a number of records has come.</summary>
    public async Task<List<(string Key, byte[] Value, string? TraceParent)>> ReadAsync(string topic, int count)
    {
        var records = new List<(string, byte[], string?)>();
        await using var consumer = await Log.OpenConsumerAsync(topic, new LogConsumerOptions(), Cancelled);
        while (records.Count < count)
        {
            using var batch = await consumer.ReadAsync(TimeSpan.FromSeconds(20), Cancelled);
            Assert.NotNull(batch);
            foreach (var entry in batch.Entries)
                records.Add((Encoding.UTF8.GetString(entry.Key.Span), entry.Value.ToArray(), entry.Headers?.GetValueOrDefault(Headers.TraceParent)));
        }

        return records;
    }

    /// <summary>How many records a topic holds.</summary>
    public async Task<long> EndAsync(string topic) => (await Log.DescribeAsync(topic, Cancelled)).Partitions.Sum(p => p.EndOffset);

    public static byte[] Gzip(byte[] bytes)
    {
        using var to = new MemoryStream();
        using (var gzip = new GZipStream(to, CompressionLevel.Fastest)) gzip.Write(bytes);
        return to.ToArray();
    }

    public static byte[] Brotli(byte[] bytes)
    {
        using var to = new MemoryStream();
        using (var brotli = new BrotliStream(to, CompressionLevel.Fastest)) brotli.Write(bytes);
        return to.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _directory.Dispose();
    }
}

/// <summary>An answer of <c>POST /ingest</c>.</summary>
internal sealed record Answer(HttpStatusCode Status, JsonNode Body, IReadOnlyDictionary<string, string> Headers)
{
    public int Accepted => (int)Body["accepted"]!;

    public IReadOnlyList<(int Index, string? Id, string Code, string Field)> Rejected =>
        [.. Body["rejected"]!.AsArray().Select(r => ((int)r!["index"]!, (string?)r["id"], (string)r["code"]!, (string)r["field"]!))];

    public string Code => (string)Body["code"]!;
}

/// <summary>One server for the tests that leave it as it is.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    internal IngestServer Value { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Value = await IngestServer.StartAsync();

    public ValueTask DisposeAsync() => Value.DisposeAsync();
}
