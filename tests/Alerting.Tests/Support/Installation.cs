using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Millrace.Servers;
using Dapper;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Millrace.Adapters.FasterLog;
using Millrace.Adapters.MassTransit;
using Millrace.Contracts;
using Millrace.Contracts.Events;
using Millrace.Contracts.Protos;
using Millrace.Databases;
using Millrace.Hosting;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Configuration;
using Millrace.Ports.EventLog;
using Millrace.Ports.Metadata;
using Millrace.Testing;
using Xunit;

namespace Millrace.Alerting.Tests.Support;

/// <summary>The alerting service as a host runs it, on real adapters in a directory of the test's own, under a clock of the test's own.</summary>
internal sealed class Installation : IAsyncDisposable
{
    public const string Tenant = "acme";
    private const string ApiKey = "a-key-for-the-tests-only";

    private readonly WebApplication _app;

    private Installation(WebApplication app, ManualTimeProvider time)
    {
        _app = app;
        Time = time;
        Client = CreateClient(ApiKey);
        Database = Services.GetRequiredService<IMetadataDatabase>() as CrashingDatabase;
    }

    public ManualTimeProvider Time { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>Calls with every scope.</summary>
    public HttpClient Client { get; }

    public long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>End of the last window that <see cref="SecondAsync"/> made.</summary>
    public long EventTimeMs { get; set; }

    private IEventLog Log => Services.GetRequiredService<IEventLog>();

    /// <summary>A log that several installations share.</summary>
    public static ServiceProvider OpenLog(TempDirectory directory, TimeProvider time) => new ServiceCollection().AddLogging().AddSingleton(time)
        .AddFasterLogAdapter(new ConfigurationBuilder().AddInMemoryCollection(
            new Dictionary<string, string?> { ["Millrace:EventLog:Directory"] = directory.File("log") }).Build())
        .BuildServiceProvider();

    /// <summary>Starts it and, unless told otherwise, lets the grace after a start pass.</summary>
    public static async Task<Installation> StartAsync(
        MetadataUnderTest database, TempDirectory directory, ManualTimeProvider? time = null, Dictionary<string, string?>? settings = null,
        bool crashing = false, bool passGrace = true, IEventLog? log = null)
    {
        await database.PrepareAsync();
        var clock = time ?? new ManualTimeProvider();
        var builder = MillraceHost.CreateBuilder([], 0, configuration => configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Millrace:Http:Port"] = "0",
            ["Millrace:Bootstrap:Tenant"] = Tenant,
            ["Millrace:Bootstrap:ApiKey"] = ApiKey,
            ["Millrace:Auth:SigningKey"] = "a signing key of at least 32 bytes, for the tests",
            ["Millrace:EventLog:Directory"] = directory.File("log"),
            ["Millrace:Metadata:File"] = directory.File("metadata.db"),
            ["Millrace:Alerting:Webhooks:AllowPrivateAddresses"] = "true",
            // Tests let time pass while they wait; only those about silence want it judged.
            ["Millrace:Alerting:SilenceDelay"] = "01:00:00",
        }).AddInMemoryCollection(settings ?? []));
        builder.Logging.ClearProviders();
        if (log is null) builder.Services.AddFasterLogAdapter(builder.Configuration);
        else builder.Services.AddSingleton(log);
        database.Add(builder.Services, builder.Configuration);
        builder.AddAdapter(
            "Notifications", ("memory", MassTransitModule.AddInMemoryNotifications), ("rabbitmq", MassTransitModule.AddRabbitMqNotifications));
        builder.Services.AddAlerting(builder.Configuration);
        builder.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(clock));
        if (crashing)
        {
            var real = builder.Services.Last(service => service.ServiceType == typeof(IMetadataDatabase));
            builder.Services.AddKeyedSingleton("real", (provider, _) => (IMetadataDatabase)(
                real.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, real.ImplementationType!)));
            builder.Services.Replace(ServiceDescriptor.Singleton<IMetadataDatabase>(
                provider => new CrashingDatabase(provider.GetRequiredKeyedService<IMetadataDatabase>("real"))));
        }
        var app = builder.Build();
        app.MapMillraceOperations();
        app.MapAlerting();
        await app.StartAsync();
        var installation = new Installation(app, clock);
        await installation.AdvanceUntilAsync(async () =>
        {
            using var answer = await installation.Client.GetAsync("/health/ready");
            return answer.StatusCode == HttpStatusCode.OK;
        });
        if (passGrace) clock.Advance(TimeSpan.FromSeconds(11));
        return installation;
    }

    /// <summary>Calls with some scopes, for this tenant or another.</summary>
    public HttpClient ClientWith(Scopes scopes, string tenant = Tenant) =>
        CreateClient(Services.GetRequiredService<ITokenIssuer>().Issue(tenant, "ann", scopes, [], TimeSpan.FromDays(1)));

    public HttpClient CreateClient(string? credential)
    {
        var client = new HttpClient { BaseAddress = new Uri(_app.Urls.Single()) };
        if (credential is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", credential);
        return client;
    }

    /// <summary>The database when it can crash.</summary>
    public CrashingDatabase? Database { get; }

    /// <summary>Whether it has.</summary>
    public bool Crashed => Database?.Crashed == true;

    /// <summary>Whether every window has been evaluated and the position saved.</summary>
    public async Task<bool> HasSettledAsync()
    {
        var ends = (await Log.DescribeAsync(Topics.Windows, CancellationToken.None)).Partitions.Sum(partition => partition.EndOffset);
        await using var connection = await Services.GetRequiredService<IMetadataDatabase>().OpenAsync(CancellationToken.None);
        return await connection.ExecuteScalarAsync<long>("SELECT COALESCE(SUM(next_offset), 0) FROM alerting_progress") == ends;
    }

    public async Task<JsonNode> GetAsync(string path)
    {
        using var answer = await Client.GetAsync(path);
        return await ReadAsync(answer);
    }

    public Task<JsonNode> PostAsync(string path, string? body = null) => SendAsync(HttpMethod.Post, path, body);

    public async Task<JsonNode> SendAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new StringContent(body, new MediaTypeHeaderValue("application/json"));
        using var answer = await Client.SendAsync(request);
        return await ReadAsync(answer);
    }

    /// <summary>Makes a webhook receiver and answers with its id.</summary>
    public async Task<string> ReceiverAsync(WebhookReceiver receiver, string secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") => (string)(await PostAsync(
        "/api/v1/receivers", $$"""{"id":"ops","name":"Operations","kind":"webhook","url":"{{receiver.Url}}/hook","secret":"{{secret}}"}"""))["id"]!;

    /// <summary>Makes the rule that purchases are not more than five for three seconds.</summary>
    public async Task<string> PurchaseRuleAsync(string more = "\"receivers\":[\"ops\"]") => (string)(await PostAsync("/api/v1/rules", $$"""
        {"name":"Many purchases","kind":"threshold","stream":"shop","type":"purchase","for":"3s",
         "condition":{"value":"count","op":">","threshold":5},{{more}}}
        """))["id"]!;

    /// <summary>The next second of event time has a final window; the first call begins at the present.</summary>
    public async Task SecondAsync(ulong count, string type = "purchase", string key = "")
    {
        if (EventTimeMs == 0) EventTimeMs = NowMs / 1000 * 1000;
        EventTimeMs += 1000;
        if (NowMs < EventTimeMs + 500) Time.Advance(TimeSpan.FromMilliseconds(EventTimeMs + 500 - NowMs));
        await AppendAsync(Window(EventTimeMs - 1000, count, type, key));
    }

    public static Window Window(long startMs, ulong count, string type = "purchase", string key = "", long sizeMs = 1000) => new()
    {
        Tenant = Tenant,
        Stream = "shop",
        Type = type,
        Key = key,
        WindowStartMs = startMs,
        WindowEndMs = startMs + sizeMs,
        Count = count,
        Revision = ((long)count * 2) + 1,
        Final = true,
        NewestEventAtMs = startMs + sizeMs - 1,
    };

    public async Task AppendAsync(params Window[] windows)
    {
        var records = windows.Select(window => new LogRecord(PartitionKey.Create(window.Tenant, window.Stream), window.ToByteArray())).ToArray();
        await Log.AppendAsync(Topics.Windows, records, Memory<LogPosition>.Empty, CancellationToken.None);
    }

    /// <summary>Puts an event before the aggregator, which is not there to take it.</summary>
    public async Task AppendEventAsync() => await Log.AppendAsync(
        Topics.Events, new[] { new LogRecord(PartitionKey.Create(Tenant, "shop"), new byte[1]) }, Memory<LogPosition>.Empty, CancellationToken.None);

    /// <summary>Lets time pass in steps until something holds.</summary>
    public async Task AdvanceUntilAsync(Func<Task<bool>> condition, string what = "condition")
    {
        await Eventually.TrueAsync(
            async () =>
            {
                if (await condition()) return true;
                Time.Advance(TimeSpan.FromMilliseconds(250));
                return false;
            },
            TimeSpan.FromSeconds(90),
            what);
    }

    /// <summary>Lets time pass in steps, with a request after each so that the service gets its turn.</summary>
    public async Task PassAsync(TimeSpan duration)
    {
        var target = Time.GetUtcNow() + duration;
        while (Time.GetUtcNow() < target)
        {
            Time.Advance(TimeSpan.FromMilliseconds(500));
            await GetAsync("/api/v1/alerts");
        }
    }

    public async Task<JsonNode?> AlertAsync() => (await GetAsync("/api/v1/alerts"))["items"]!.AsArray().SingleOrDefault();

    public Task AlertIsAsync(string state) => AdvanceUntilAsync(async () => (string?)(await AlertAsync())?["state"] == state, $"the alert is {state}");

    /// <summary>Every change on <c>millrace.alerts</c>, repetitions left out.</summary>
    public async Task<IReadOnlyList<AlertChange>> ChangesAsync()
    {
        await AdvanceUntilAsync(
            async () =>
            {
                await using var connection = await Services.GetRequiredService<IMetadataDatabase>().OpenAsync(CancellationToken.None);
                return await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM alerting_changes") == 0;
            },
            "all changes are published");
        var changes = new Dictionary<(string, long), AlertChange>();
        await using var consumer = await Log.OpenConsumerAsync(Topics.Alerts, new LogConsumerOptions(), CancellationToken.None);
        var end = (await Log.DescribeAsync(Topics.Alerts, CancellationToken.None)).Partitions.Sum(partition => partition.EndOffset - partition.EarliestOffset);
        for (long read = 0; read < end;)
        {
            using var batch = await consumer.ReadAsync(TimeSpan.FromSeconds(10), CancellationToken.None);
            Assert.NotNull(batch);
            foreach (var entry in batch.Entries)
            {
                var change = AlertChange.Parser.ParseFrom(entry.Value.Span);
                changes.TryAdd((change.AlertId, change.Revision), change);
            }
            read += batch.Count;
        }
        return [.. changes.Values.OrderBy(change => change.AlertId, StringComparer.Ordinal).ThenBy(change => change.Revision)];
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode} {text}");
        return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
    }
}
