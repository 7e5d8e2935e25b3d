using Millrace.Contracts;
using Millrace.Hosting.Ledger;
using Millrace.RealtimeGateway.Http;
using Millrace.RealtimeGateway.Tests.Support;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary><c>GET /api/v1/ledger</c>.</summary>
public sealed class LedgerTests : GatewayTest
{
    [Fact]
    public async Task Ledger_adds_the_stages_up_and_waits_for_the_intake()
    {
        var store = Server.Get<LedgerStore>();
        await Writer.PutAsync(LogWriter.Event("e1"), LogWriter.Event("e2"));
        var end = (await Server.Log.DescribeAsync(Topics.Events, default)).Partitions.Single(p => p.EndOffset > p.EarliestOffset);

        var asking = GetAsync("/api/v1/ledger");
        await SaveAsync(store, "aggregator", end.Partition, end.EndOffset, new LedgerCounts { Aggregated = 5, Late = 1, Duplicate = 2 });
        await SaveAsync(store, LedgerStages.ClickHouse, end.Partition, end.EndOffset, new LedgerCounts { Archived = 8 });
        await SaveAsync(store, LedgerStages.Objects, end.Partition, end.EndOffset, new LedgerCounts { Archived = 6 });
        await SaveAsync(store, "intake", end.Partition, end.EndOffset, new LedgerCounts { Received = 11, Rejected = 3, DeadLettered = 3 });
        var ledger = await asking;

        Assert.Equal(
            """{"tenant":"acme","received":11,"aggregated":5,"late":1,"duplicate":2,"rejected":3,"dead_lettered":3,"archived":6,"pending":0}""",
            ledger.ToJsonString());
        Assert.Equal(0, (int)(await GetAsync("/api/v1/ledger", Server.Token(tenant: "other")))["received"]!);
    }

    [Theory]
    [InlineData(10, 0, 0, 0, 0, 10)]
    [InlineData(10, 10, 0, 0, 4, 6)]
    [InlineData(10, 4, 0, 0, 10, 6)]
    [InlineData(10, 8, 1, 1, 9, 0)]
    [InlineData(10, 11, 0, 0, 11, 0)]
    public void Pending_is_what_the_slower_way_has_before_it(long received, long aggregated, long late, long duplicate, long archived, long pending)
    {
        var answer = LedgerEndpoint.Balance(
            "t", new LedgerCounts { Received = received, Aggregated = aggregated, Late = late, Duplicate = duplicate, Archived = archived });

        Assert.Equal(pending, answer.Pending);
    }

    private static Task SaveAsync(LedgerStore store, string stage, int partition, long upto, LedgerCounts counts) =>
        store.SaveAsync(stage, Topics.Events, partition, upto, new Dictionary<string, LedgerCounts> { [GatewayServer.Tenant] = counts }, default);
}
