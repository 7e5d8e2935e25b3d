using Millrace.Aggregator.Engine;
using Millrace.Contracts.Events;
using Millrace.Ports.EventLog;
using Xunit;

namespace Millrace.Aggregator.Tests.Engine;

public sealed class DuplicateAndCountTests
{
    [Fact]
    public void Duplicate_inside_the_horizon_is_dropped_and_counted()
    {
        var harness = new EngineHarness().Send(0, 0, "a").Send(10, 0, "a").Send(20, 0, "b").AdvanceTo(10_000);
        Assert.Equal(2ul, Assert.Single(harness.Finals).Count);
        Assert.Equal((2, 0, 1), harness.Counts());
    }

    [Fact]
    public void Duplicate_outside_the_horizon_counts_again()
    {
        var settings = new EngineSettings { DuplicateHorizon = TimeSpan.FromSeconds(5) };
        var harness = new EngineHarness(settings).Send(0, 0, "a").Send(5_000, 5_000, "a").Send(10_001, 10_001, "a");
        Assert.Equal((2, 0, 1), harness.Counts());
    }

    [Fact]
    public void Duplicate_beyond_the_capacity_counts_again()
    {
        var harness = new EngineHarness(new EngineSettings { DuplicateCapacity = 2 }).Send(0, 0, "a").Send(0, 0, "b").Send(0, 0, "a").Send(0, 0, "c").Send(0, 0, "d").Send(0, 0, "a");
        Assert.Equal((5, 0, 1), harness.Counts());
    }

    [Fact]
    public void Same_id_of_another_source_stream_or_tenant_is_another_event()
    {
        var harness = new EngineHarness().Send(0, 0, "a").Send(0, 0, "a", source: "s").Send(0, 0, "a", stream: "acme/other").Send(0, 0, "a", stream: "beta/shop");
        Assert.Equal((3, 0, 0), harness.Counts());
        Assert.Equal((0, 0, 0), harness.Counts());
        Assert.Equal(4, harness.Counters.Events);
    }

    [Fact]
    public void Duplicate_of_a_late_event_is_a_duplicate()
    {
        var harness = new EngineHarness().Send(0, 0).Send(50_000, 50_000).Send(50_000, 1, "a").Send(50_000, 1, "a");
        Assert.Equal((2, 1, 1), harness.Counts());
    }

    [Fact]
    public void Warmed_filter_knows_what_was_before_the_start()
    {
        var first = new EngineHarness().Send(0, 0, "a");
        var second = new EngineHarness();
        second.Engine.Warm(first.Log[0]);
        second.Send(100, 100, "a");
        Assert.Equal((0, 0, 1), second.Counts());
        Assert.Equal(2, second.Engine.RememberedIds);
    }

    [Fact]
    public void Events_before_the_ledger_position_are_neither_counted_nor_sent_as_late()
    {
        var harness = new EngineHarness(countFrom: 3);
        harness.Send(0, 0, "a").Send(50_000, 50_000, "b").Send(50_000, 0, "c").Send(50_000, 0, "d").Send(50_000, 50_000, "a");
        Assert.Equal((0, 1, 1), harness.Counts());
        Assert.Equal([3], harness.LateOffsets);
        Assert.Equal(2, harness.Counters.Late);
    }

    [Fact]
    public void Malformed_records_are_skipped_and_counted_apart()
    {
        var harness = new EngineHarness();
        harness.Send(new LogEntry(0, EngineHarness.Epoch, PartitionKey.Create("acme", "shop"), new byte[] { 0xff, 0xff, 0xff }, null));
        harness.Send(new LogEntry(1, EngineHarness.Epoch, "no-slash"u8.ToArray(), ReadOnlyMemory<byte>.Empty, null));
        Assert.Equal(2, harness.Counters.Malformed);
        Assert.Equal(0, harness.Engine.Streams);
    }
}
