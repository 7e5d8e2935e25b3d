using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Adapters.Kafka;
using Millrace.Archiver.Tests.Support;
using Millrace.Databases;
using Millrace.Ports.EventLog;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Archiver.Tests.Pipeline;

/// <summary>Two instances in a consumer group of Kafka's, which deals its partitions out as they come and go.</summary>
public sealed class KafkaGroupTests(ClickHouseFixture fixture, PostgresFixture postgres)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Archive_by_instances_that_join_and_leave_a_group_has_each_event_once()
    {
        await using var broker = await KafkaMockBroker.StartAsync(TestContext.Current.CancellationToken);
        await using var ingest = Connect(broker);
        await using var one = Connect(broker);
        await using var two = Connect(broker);
        await using var stores = await Stores.OpenAsync(new OnPostgres(postgres), Log(ingest), null);
        var sent = 0;
        var first = await ArchiverInstance.StartAsync(stores, Log(one), fixture.ClickHouse);
        await AppendAsync(500);
        await ArchivedAsync(500);

        // Under load until the second one has taken partitions from the first.
        var second = await ArchiverInstance.StartAsync(stores, Log(two), fixture.ClickHouse);
        await Eventually.TrueAsync(
            async () =>
            {
                await AppendAsync(20);
                return await GenerationsAsync(stores) > 8;
            },
            Patience);
        await AppendAsync(300);
        await first.DisposeAsync();
        await AppendAsync(300);
        await ArchivedAsync(sent);
        await using var third = await ArchiverInstance.StartAsync(stores, Log(one), fixture.ClickHouse);
        await AppendAsync(200);
        await second.DisposeAsync();
        await AppendAsync(100);
        await ArchivedAsync(sent);

        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync(), Patience);
        await Expectation.HoldsAsync(fixture, stores, ArchivingTests.Events(stores.Tenant, sent));

        async Task AppendAsync(int count)
        {
            await stores.AppendAsync(ArchivingTests.Events(stores.Tenant, count, sent));
            sent += count;
        }

        Task ArchivedAsync(int count) => Eventually.TrueAsync(
            async () => await stores.ArchivedAsync("clickhouse") == count && await stores.ArchivedAsync("objects") == count, Patience);
    }

    private static async Task<long> GenerationsAsync(Stores stores)
    {
        await using var connection = await stores.Metadata.OpenAsync(CancellationToken.None);
        return await connection.ExecuteScalarAsync<long>("SELECT CAST(SUM(generation) AS bigint) FROM archiver_progress");
    }

    private static IEventLog Log(ServiceProvider services) => services.GetRequiredService<IEventLog>();

    private static ServiceProvider Connect(KafkaMockBroker broker)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Millrace:Kafka:BootstrapServers"] = broker.BootstrapServers,
            ["Millrace:Kafka:Topics:millrace.events:Partitions"] = "4",
            ["Millrace:Kafka:SessionTimeout"] = "00:00:06",
        }).Build();
        return new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddKafkaAdapter(configuration).BuildServiceProvider();
    }
}
