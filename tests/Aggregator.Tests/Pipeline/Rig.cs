using Dapper;
using Google.Protobuf;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Millrace.Adapters.FasterLog;
using Millrace.Adapters.Sqlite;
using Millrace.Aggregator.Pipeline;
using Millrace.Contracts;
using Millrace.Contracts.Protos;
using Millrace.Hosting.Ledger;
using Millrace.Hosting.Schema;
using Millrace.Ports.EventLog;
using Millrace.Ports.Metadata;
using Millrace.Testing;
using Xunit;

namespace Millrace.Aggregator.Tests.Pipeline;

/// <summary>The aggregator on the real log and the real database in a directory of its own, with a clock that the test moves.</summary>
internal sealed class Rig : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly Dictionary<string, string?> _settings;
    private ServiceProvider _services;

    private Rig(Dictionary<string, string?> settings)
    {
        _settings = settings;
        _settings["Millrace:EventLog:Directory"] = _directory.File("log");
        _settings["Millrace:EventLog:PageBytes"] = "65536";
        _settings["Millrace:EventLog:SegmentBytes"] = "1048576";
        _settings["Millrace:Metadata:File"] = _directory.File("metadata.db");
        _services = Build(null);
    }

    public ManualTimeProvider Time { get; } = new();

    public IEventLog Log => _services.GetRequiredService<IEventLog>();

    public long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

    public static async Task<Rig> CreateAsync(params (string Name, string Value)[] settings)
    {
        var rig = new Rig(settings.ToDictionary(s => "Millrace:Aggregator:" + s.Name, s => (string?)s.Value));
        await HostingSchema.EnsureAsync(rig._services.GetRequiredService<IMetadataDatabase>(), TestContext.Current.CancellationToken);
        return rig;
    }

    /// <summary>Closes log and database and opens them again from their files.</summary>
    /// <param name="crash">Where the next run fails, if it shall.</param>
    /// <param name="wrapDatabase">What stands before the database.</param>
    /// <param name="wrapLog">What stands before the log.</param>
    public async Task ReopenAsync(
        CrashPoint? crash = null, Func<IMetadataDatabase, IMetadataDatabase>? wrapDatabase = null, Func<IEventLog, IEventLog>? wrapLog = null)
    {
        await _services.DisposeAsync();
        _services = Build(crash, wrapDatabase, wrapLog);
    }

    public async Task AppendAsync(IEnumerable<(string Stream, Event Event)> events, string? traceParent = null)
    {
        var headers = traceParent is null ? null : new Dictionary<string, string> { [Headers.TraceParent] = traceParent };
        var records = events.Select(e => new LogRecord(System.Text.Encoding.UTF8.GetBytes(e.Stream), e.Event.ToByteArray(), headers)).ToArray();
        await Log.AppendAsync(Topics.Events, records, Memory<LogPosition>.Empty, TestContext.Current.CancellationToken);
    }

    /// <summary>Starts the aggregator; cancel to stop it as a shutdown does.</summary>
    public Task RunAsync(CancellationToken cancellationToken, Action? caughtUp = null) =>
        Task.Run(() => _services.GetRequiredService<AggregatorPipeline>().RunAsync(caughtUp ?? (() => { }), cancellationToken), CancellationToken.None);

    /// <summary>Runs the aggregator until a condition holds, moving the clock all the while, then stops it.</summary>
    public async Task RunUntilAsync(Func<Task<bool>> condition, TimeSpan? step = null)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var run = RunAsync(stop.Token);
        await Eventually.TrueAsync(
            async () =>
            {
                if (run.IsFaulted) await run;
                Time.Advance(step ?? TimeSpan.FromMilliseconds(100));
                return await condition();
            },
            TimeSpan.FromSeconds(60));
        await stop.CancelAsync();
        await AwaitStopAsync(run);
    }

    /// <summary>Waits for a condition, moving the clock.</summary>
    public Task UntilAsync(Func<Task<bool>> condition) => Eventually.TrueAsync(
        async () =>
        {
            Time.Advance(TimeSpan.FromMilliseconds(100));
            return await condition();
        },
        TimeSpan.FromSeconds(60));

    /// <summary>Waits for a stop, moving the clock so that nothing waits for it in vain.</summary>
    public async Task AwaitStopAsync(Task run)
    {
        await AwaitAsync(run);
        await run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Waits until a task has ended, one way or another, moving the clock.</summary>
    public Task AwaitAsync(Task task) => Eventually.TrueAsync(() =>
    {
        Time.Advance(TimeSpan.FromMilliseconds(10));
        return task.IsCompleted;
    });

    /// <summary>The whole of a topic by partition.</summary>
    public async Task<List<(int Partition, LogEntry Entry)>> ReadAllAsync(string topic)
    {
        var all = new List<(int, LogEntry)>();
        var log = Log;
        var info = await log.DescribeAsync(topic, TestContext.Current.CancellationToken);
        var missing = info.Partitions.Where(p => p.EndOffset > p.EarliestOffset).ToDictionary(p => p.Partition, p => p.EndOffset);
        await using var consumer = await log.OpenConsumerAsync(topic, new LogConsumerOptions(), TestContext.Current.CancellationToken);
        while (missing.Count > 0)
        {
            using var batch = await consumer.ReadAsync(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken);
            foreach (var entry in batch!.Entries) all.Add((batch.Partition, entry with { Key = entry.Key.ToArray(), Value = entry.Value.ToArray() }));
            if (missing.TryGetValue(batch.Partition, out var end) && batch.NextOffset >= end) missing.Remove(batch.Partition);
        }

        return all;
    }

    public async Task<List<Window>> WindowsAsync() => [.. (await ReadAllAsync(Topics.Windows)).Select(w => Window.Parser.ParseFrom(w.Entry.Value.Span))];

    public Task<LedgerCounts> LedgerAsync(string tenant) => _services.GetRequiredService<LedgerStore>().ReadAsync(tenant, CancellationToken.None);

    public async Task<IReadOnlyDictionary<int, long>> CommittedAsync() => await Log.GetCommittedAsync(Topics.Events, AggregatorPipeline.Group, CancellationToken.None);

    public async Task ExecuteAsync(string sql) => await _services.GetRequiredService<IMetadataDatabase>()
        .InTransactionAsync(async (connection, transaction, _) => await connection.ExecuteAsync(sql, transaction: transaction), CancellationToken.None);

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _directory.Dispose();
    }

    private ServiceProvider Build(
        CrashPoint? crash, Func<IMetadataDatabase, IMetadataDatabase>? wrapDatabase = null, Func<IEventLog, IEventLog>? wrapLog = null)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(_settings).Build();
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(Time);
        services.AddLogging();
        services.AddFasterLogAdapter(configuration);
        services.AddSqliteAdapter(configuration);
        services.AddSingleton<LedgerStore>();
        services.AddAggregator(configuration);
        if (crash is not null)
        {
            Decorate<IEventLog>(services, inner => new CrashingLog(inner, crash));
            Decorate<IMetadataDatabase>(services, inner => new CrashingDatabase(inner, crash));
        }

        if (wrapDatabase is not null) Decorate(services, wrapDatabase);
        if (wrapLog is not null) Decorate(services, wrapLog);
        return services.BuildServiceProvider();
    }

    private static void Decorate<T>(ServiceCollection services, Func<T, T> wrap)
        where T : class
    {
        var inner = services.Last(service => service.ServiceType == typeof(T));
        services.RemoveAll<T>();
        services.AddKeyedSingleton<T>("inner", (provider, _) => (T)(inner.ImplementationFactory?.Invoke(provider)
            ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!)));
        services.AddSingleton(provider => wrap(provider.GetRequiredKeyedService<T>("inner")));
    }
}
