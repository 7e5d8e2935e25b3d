using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Adapters.Kafka;
using Millrace.Adapters.Postgres;
using Millrace.Archiver.Tests.Support;
using Millrace.Databases;
using Millrace.Ports.EventLog;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Archiver.Tests.Pipeline;

/// <summary>Two archivers as processes on Kafka's protocol and PostgreSQL: one is stopped so long that it is given up, goes on, and the other is killed.</summary>
[Collection(ClickHouseTests.Name)]
public sealed class ProcessTests(ClickHouseFixture fixture, PostgresFixture postgres)
{
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
            ["Millrace:Kafka:SessionTimeout"] = "00:00:06",
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
        var sent = 0;

        var hosts = new List<HostProcess>();
        using var first = await HostProcess.StartAsync(settings);
        hosts.Add(first);
        await AppendAsync(1_000);
        await ArchivedAsync();
        using var second = await HostProcess.StartAsync(settings);
        hosts.Add(second);
        await LoadUntilAsync(async () => await GenerationsAsync(stores) > 8);

        // In the middle of whatever it does, until the group has given it up and the other one has all that it had.
        var before = await GenerationsAsync(stores);
        first.Pause();
        await LoadUntilAsync(async () => await GenerationsAsync(stores) > before);
        await ArchivedAsync();
        before = await GenerationsAsync(stores);
        first.Resume();
        await LoadUntilAsync(async () => await GenerationsAsync(stores) > before);
        second.Kill();
        await AppendAsync(500);

        await ArchivedAsync();
        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync(), Patience);
        await Expectation.HoldsAsync(fixture, stores, ArchivingTests.Events(stores.Tenant, sent));

        async Task AppendAsync(int count)
        {
            // As a producer does that got no answer: the same ids again count once.
            await Eventually.TrueAsync(async () => await TryAppendAsync(count), Patience);
            sent += count;
        }

        async Task<bool> TryAppendAsync(int count)
        {
            try
            {
                await stores.AppendAsync(ArchivingTests.Events(stores.Tenant, count, sent));
                return true;
            }
            catch (EventLogException e) when (e.Retryable)
            {
                return false;
            }
        }

        Task LoadUntilAsync(Func<Task<bool>> condition) => Eventually.TrueAsync(
            async () =>
            {
                await AppendAsync(20);
                return await condition();
            },
            Patience);

        async Task ArchivedAsync()
        {
            try
            {
                await CaughtUpAsync();
            }
            catch
            {
                // What the processes say about it.
                foreach (var host in hosts) TestContext.Current.TestOutputHelper?.WriteLine(host.Output + "\n----");
                throw;
            }
        }

        Task CaughtUpAsync() => Eventually.ValueAsync(
            async () => (ClickHouse: await stores.ArchivedAsync("clickhouse"), Objects: await stores.ArchivedAsync("objects")),
            archived => archived == (sent, sent),
            Patience);
    }

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
