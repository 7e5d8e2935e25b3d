using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Adapters.Kafka;
using Millrace.Adapters.Postgres;
using Millrace.Archiver.Tests.Support;
using Millrace.Contracts.Events;
using Millrace.Contracts.Protos;
using Millrace.Databases;
using Millrace.Ports.EventLog;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Archiver.Tests.Pipeline;

/// <summary>Two archivers as processes on Kafka's protocol and PostgreSQL: one is stopped so long that it is given up, goes on, and the other is killed.</summary>
public sealed class ProcessTests(ClickHouseFixture fixture, PostgresFixture postgres)
{
    private const int Partitions = 4;

    // Two sinks in each partition.
    private const int Lanes = 2 * Partitions;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Archive_by_processes_that_are_stopped_resumed_and_killed_has_each_event_once()
    {
        await using var broker = await KafkaMockBroker.StartAsync(TestContext.Current.CancellationToken);
        var clickHouse = await fixture.Locate(TestContext.Current.CancellationToken);
        var settings = new Dictionary<string, string>
        {
            ["Millrace:Adapters:EventLog"] = "kafka",
            ["Millrace:Adapters:Metadata"] = "postgres",
            ["Millrace:Kafka:BootstrapServers"] = broker.BootstrapServers,
            ["Millrace:Kafka:Topics:millrace.events:Partitions"] = "4",
            ["Millrace:Kafka:SessionTimeout"] = "00:00:03",
            ["Millrace:Postgres:ConnectionString"] = await postgres.CreateDatabaseAsync(),
            ["Millrace:ClickHouse:Url"] = clickHouse.Url.AbsoluteUri,
            ["Millrace:ClickHouse:Secret"] = clickHouse.Secret,
            ["Millrace:Archiver:ClickHouse:MaxAge"] = "00:00:00.100",
            ["Millrace:Archiver:Objects:MaxAge"] = "00:00:00.200",
            ["Millrace:Archiver:SyncParts"] = "false",
        };
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings!).Build();
        await using var ingest = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddKafkaAdapter(configuration).BuildServiceProvider();
        await using var stores = await Stores.OpenAsync(new Configured(configuration), ingest.GetRequiredService<IEventLog>(), null);
        settings["Millrace:Objects:Directory"] = stores.ObjectsPath;
        // A stream for each partition: whoever has any partition has work, and what is archived says who has it.
        string[] streams = [.. Enumerable.Range(0, Partitions).Select(partition => StreamIn(stores, partition))];
        var hosts = new List<HostProcess>();
        var sent = 0;

        using var first = await HostProcess.StartAsync(settings);
        hosts.Add(first);
        await AppendAsync(400);
        await ArchivedAsync();
        using var second = await HostProcess.StartAsync(settings);
        hosts.Add(second);
        // The first has taken each of its lanes once; more is the second's doing.
        await LoadUntilAsync(async () => await GenerationsAsync(stores) > Lanes);

        // Stopped in the middle of whatever it does. Every partition has something new now, so all is archived only when the second one has them all.
        first.Pause();
        await AppendAsync(100);
        await ArchivedAsync();
        // From here on the generations stand, until the first one comes back and takes over what the group gives it.
        var before = await GenerationsAsync(stores);
        first.Resume();
        await LoadUntilAsync(async () => await GenerationsAsync(stores) > before);
        second.Kill();
        await AppendAsync(100);

        await ArchivedAsync();
        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync(), Patience);
        await Expectation.HoldsAsync(fixture, stores, Events(0, sent));

        async Task AppendAsync(int count)
        {
            // As a producer does that got no answer: the same ids again count once.
            await Eventually.TrueAsync(async () => await TryAppendAsync(Events(sent, count)), Patience);
            sent += count;
        }

        async Task<bool> TryAppendAsync(List<Event> events)
        {
            try
            {
                await stores.AppendAsync(events);
                return true;
            }
            catch (EventLogException e) when (e.Retryable)
            {
                return false;
            }
        }

        List<Event> Events(int from, int count) =>
            [.. Enumerable.Range(from, count).Select(i => TestEvents.Of($"id-{i}", streams[i % streams.Length], timeMs: TestEvents.Noon + i, tenant: stores.Tenant, amount: i))];

        Task LoadUntilAsync(Func<Task<bool>> condition) => Eventually.TrueAsync(
            async () =>
            {
                await AppendAsync(4);
                return await condition();
            },
            Patience);

        async Task ArchivedAsync()
        {
            try
            {
                await Eventually.ValueAsync(
                    async () => (ClickHouse: await stores.ArchivedAsync("clickhouse"), Objects: await stores.ArchivedAsync("objects")),
                    archived => archived == (sent, sent),
                    Patience);
            }
            catch
            {
                // What the processes say about it.
                foreach (var host in hosts) TestContext.Current.TestOutputHelper?.WriteLine(host.Output + "\n----");
                throw;
            }
        }
    }

    private static string StreamIn(Stores stores, int partition) =>
        Enumerable.Range(0, 1_000).Select(i => $"s{i}").First(stream => stores.Log.PartitionOf(PartitionKey.Create(stores.Tenant, stream), Partitions) == partition);

    private static async Task<long> GenerationsAsync(Stores stores)
    {
        await using var connection = await stores.Metadata.OpenAsync(CancellationToken.None);
        return await connection.ExecuteScalarAsync<long>("SELECT CAST(SUM(generation) AS bigint) FROM archiver_progress");
    }

    private sealed class Configured(IConfiguration settings) : MetadataUnderTest
    {
        public override ValueTask PrepareAsync() => ValueTask.CompletedTask;

        public override void Add(IServiceCollection services, IConfiguration configuration) => services.AddPostgresAdapter(settings);
    }
}
