using Microsoft.Extensions.DependencyInjection;
using Millrace.Contracts;
using Millrace.Hosting.Ledger;
using Millrace.Ingest.Intake;
using Millrace.Ingest.Tests.Requests;
using Millrace.Ports.EventLog;
using Millrace.Testing;
using Xunit;

namespace Millrace.Ingest.Tests;

public sealed class IntakeMeterTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_counts_events_and_rejections_by_tenant()
    {
        await using var server = await IngestServer.StartAsync();
        var ledger = server.Services.GetRequiredService<LedgerStore>();
        for (var round = 1; round <= 3; round++)
        {
            await server.PostAsync("{\"stream\":\"a\"}\n{\"stream\":\"b\"}\nnonsense\n{\"stream\":\"c\"}", "application/x-ndjson");
            // Another service of another tenant writes to the same log.
            await server.Log.AppendAsync(Topics.Events, new[] { new LogRecord("other/x"u8.ToArray(), "v"u8.ToArray()) }, default, Cancelled);
            var expected = new LedgerCounts { Received = 4 * round, Rejected = round, DeadLettered = round };
            await Eventually.ValueAsync(async () => await ledger.ReadAsync(IngestServer.Tenant, Cancelled), counts => counts == expected, TimeSpan.FromSeconds(15));
        }

        await Eventually.ValueAsync(async () => await ledger.ReadAsync("other", Cancelled), counts => counts == new LedgerCounts { Received = 3 });
        var ends = (await server.Log.DescribeAsync(Topics.Events, Cancelled)).Partitions;
        await Eventually.ValueAsync(
            async () => await ledger.UptoAsync(IntakeMeter.Stage, Topics.Events, Cancelled),
            upto => ends.All(end => end.EndOffset == 0 || upto.GetValueOrDefault(end.Partition) == end.EndOffset));
    }

    [Fact]
    public void Tally_counts_each_offset_once_and_reports_only_what_changed()
    {
        var stored = new LedgerState(100, new Dictionary<string, LedgerCounts> { ["a"] = new() { Received = 7 }, ["b"] = new() { Received = 1 } });
        var tally = new IntakeTally(stored, 100, rejections: false);
        Assert.False(tally.HasChanges);
        tally.Count(99, "a/x"u8);
        Assert.False(tally.HasChanges);
        foreach (var (offset, key) in new[] { (100, "a/x"), (101, "a/x"), (105, "a/y"), (106, "c/x") }) tally.Count(offset, System.Text.Encoding.UTF8.GetBytes(key));
        tally.Count(106, "c/x"u8);
        Assert.True(tally.HasChanges);
        Assert.Equal([("a", 10L), ("c", 1L)], tally.TakeChanges().Select(c => (c.Key, c.Value.Received)).Order());
        Assert.Equal(107, tally.Upto);
        Assert.False(tally.HasChanges);
    }
}
