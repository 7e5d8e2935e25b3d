using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Adapters.FasterLog;
using Millrace.Adapters.FileSystem;
using Millrace.Adapters.S3;
using Millrace.Archiver.Progress;
using Millrace.Contracts;
using Millrace.Contracts.Protos;
using Millrace.Databases;
using Millrace.Hosting.Ledger;
using Millrace.Hosting.Resilience;
using Millrace.Hosting.Rules;
using Millrace.Hosting.Schema;
using Millrace.Ports.EventLog;
using Millrace.Ports.Metadata;
using Millrace.Ports.Objects;
using Millrace.Testing;

namespace Millrace.Archiver.Tests.Support;

/// <summary>What outlives an archiver: the log, the metadata database and the objects, on disk.</summary>
internal sealed class Stores : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly ServiceProvider _services;
    private readonly IEventLog? _log;

    private Stores(TimeProvider time, MetadataUnderTest metadata, Dictionary<string, string?> settings, IEventLog? log)
    {
        _log = log;
        settings = new(settings)
        {
            ["Millrace:EventLog:Directory"] = _directory.File("log"),
            ["Millrace:Metadata:File"] = _directory.File("metadata.db"),
            ["Millrace:Objects:Directory"] = ObjectsPath,
        };
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        var services = new ServiceCollection().AddLogging().AddSingleton(time)
            .AddFasterLogAdapter(configuration)
            .AddSingleton<LedgerStore>()
            .AddSingleton<ArchiverDatabase>()
            .AddSingleton<ProgressStore>();
        if (settings.ContainsKey("Millrace:S3:Endpoint")) services.AddS3Adapter(configuration).AddObjectRetries(configuration);
        else services.AddFileSystemAdapter(configuration);
        metadata.Add(services, configuration);
        _services = services.BuildServiceProvider();
    }

    public IEventLog Log => _log ?? _services.GetRequiredService<IEventLog>();

    public IMetadataDatabase Metadata => _services.GetRequiredService<IMetadataDatabase>();

    public ProgressStore Progress => _services.GetRequiredService<ProgressStore>();

    public IObjectStore Objects => _services.GetRequiredService<IObjectStore>();

    public LedgerStore Ledger => _services.GetRequiredService<LedgerStore>();

    public string ObjectsPath => _directory.File("objects");

    /// <summary>The tenant of this test alone.</summary>
    public string Tenant { get; } = "t" + Guid.NewGuid().ToString("N")[..12];

    public static Task<Stores> OpenAsync(TimeProvider? time = null, params (string Key, string Value)[] settings) => OpenAsync(new OnSqlite(), time, settings);

    public static Task<Stores> OpenAsync(MetadataUnderTest metadata, TimeProvider? time = null, params (string Key, string Value)[] settings) =>
        OpenAsync(metadata, null, time, settings);

    /// <summary>Opens them around a log that is the test's own.</summary>
    public static async Task<Stores> OpenAsync(MetadataUnderTest metadata, IEventLog? log, TimeProvider? time, params (string Key, string Value)[] settings)
    {
        await metadata.PrepareAsync();
        var stores = new Stores(time ?? TimeProvider.System, metadata, settings.ToDictionary(entry => "Millrace:" + entry.Key, entry => (string?)entry.Value), log);
        await HostingSchema.EnsureAsync(stores.Metadata, CancellationToken.None);
        await stores.PublishAsync(EventRules.Default);
        return stores;
    }

    /// <summary>Publishes rules of lateness and duplicates, as an aggregator does.</summary>
    public Task PublishAsync(EventRules rules) => new EventRulesStore(Metadata).PublishAsync(rules, CancellationToken.None);

    /// <summary>As before an aggregator has started for the first time.</summary>
    public Task ForgetRulesAsync() => Metadata.InTransactionAsync(
        (connection, transaction, _) => connection.ExecuteAsync("DELETE FROM hosting_settings WHERE name = 'events.rules'", transaction: transaction), CancellationToken.None);

    /// <summary>Appends events durably; answers with their positions.</summary>
    public async Task<LogPosition[]> AppendAsync(params IReadOnlyList<Event> events)
    {
        var positions = new LogPosition[events.Count];
        await Log.AppendAsync(Topics.Events, events.Select(TestEvents.Record).ToArray(), positions, CancellationToken.None);
        return positions;
    }

    /// <summary>Every archived line, by object key.</summary>
    public async Task<IReadOnlyList<(string Key, JsonElement Event)>> LinesAsync()
    {
        var lines = new List<(string, JsonElement)>();
        await foreach (var info in Objects.ListAsync("raw/", CancellationToken.None))
        {
            await using var stream = await Objects.OpenReadAsync(info.Key, 0, CancellationToken.None);
            await using var gzip = new GZipStream(stream!, CompressionMode.Decompress);
            using var reader = new StreamReader(gzip, Encoding.UTF8);
            while (await reader.ReadLineAsync() is { } line) lines.Add((info.Key, JsonElement.Parse(line)));
        }

        return lines;
    }

    /// <summary>Every manifest, by key.</summary>
    public async Task<IReadOnlyDictionary<string, JsonElement>> ManifestsAsync()
    {
        var manifests = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
        await foreach (var info in Objects.ListAsync("manifests/", CancellationToken.None))
        {
            await using var stream = await Objects.OpenReadAsync(info.Key, 0, CancellationToken.None);
            using var reader = new StreamReader(stream!);
            manifests.Add(info.Key, JsonElement.Parse(await reader.ReadToEndAsync()));
        }

        return manifests;
    }

    /// <summary>Events of a tenant that a stage of the ledger counts as archived.</summary>
    public async Task<long> ArchivedAsync(string sink, string? tenant = null)
    {
        long sum = 0;
        foreach (var partition in (await Log.DescribeAsync(Topics.Events, CancellationToken.None)).Partitions)
        {
            var state = await Ledger.LoadAsync("archiver." + sink, Topics.Events, partition.Partition, CancellationToken.None);
            sum += state.Counts.GetValueOrDefault(tenant ?? Tenant).Archived;
        }

        return sum;
    }

    /// <summary>Waits until a sink has stored more than it has now.</summary>
    public async Task WaitForSomeAsync(string sink)
    {
        var before = await ArchivedAsync(sink);
        await Eventually.TrueAsync(async () => await ArchivedAsync(sink) > before);
    }

    /// <summary>Whether every record is in both sinks and committed on the log.</summary>
    public async Task<bool> IsDrainedAsync()
    {
        var committed = await Log.GetCommittedAsync(Topics.Events, "archiver", CancellationToken.None);
        var topic = await Log.DescribeAsync(Topics.Events, CancellationToken.None);
        return topic.Partitions.All(partition =>
            partition.EndOffset == partition.EarliestOffset || committed.GetValueOrDefault(partition.Partition) >= partition.EndOffset);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _directory.Dispose();
    }
}
