using Xunit;

namespace Millrace.Aggregator.Tests.Engine;

public sealed class WatermarkTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(999, 0)]
    [InlineData(1000, 1000)]
    [InlineData(-1, -1000)]
    public void Window_of_an_event_starts_at_the_second_it_lies_in(long time, long start)
    {
        var window = Assert.Single(new EngineHarness().Send(1000, time).AdvanceTo(20_000).Finals);
        Assert.Equal(EngineHarness.Epoch + start, window.WindowStartMs);
        Assert.Equal(EngineHarness.Epoch + start + 1000, window.WindowEndMs);
    }

    [Fact]
    public void Window_becomes_final_when_the_watermark_reaches_its_end()
    {
        var harness = new EngineHarness().Send(100, 100).Send(1499, 1499);
        Assert.Empty(harness.Finals);
        harness.Send(1500, 1500);
        var window = Assert.Single(harness.Finals);
        Assert.Equal(3, window.Revision);
        Assert.Equal(EngineHarness.Epoch + 1500, window.UpdatedAtMs);
    }

    [Fact]
    public void Event_out_of_order_within_the_bound_counts_before_the_window_is_final()
    {
        var harness = new EngineHarness().Send(1400, 1400).Send(1450, 950).Send(1480, 980).Send(1500, 1500);
        Assert.Equal(5, Assert.Single(harness.Finals).Revision);
    }

    [Fact]
    public void Watermark_of_an_idle_stream_moves_with_log_time()
    {
        var harness = new EngineHarness().Send(100, 100);
        // Idle after 2,000 ms, and the watermark then trails by 2,500 ms: the end at 1,000 is reached at 3,500.
        harness.AdvanceTo(3_499);
        Assert.Empty(harness.Finals);
        harness.AdvanceTo(3_500);
        Assert.Equal(EngineHarness.Epoch + 3_500, Assert.Single(harness.Finals).UpdatedAtMs);
    }

    [Fact]
    public void Final_of_an_idle_stream_carries_the_time_it_was_due_however_late_time_is_told()
    {
        var harness = new EngineHarness().Send(100, 100).AdvanceTo(900_000);
        Assert.Equal(EngineHarness.Epoch + 3_500, Assert.Single(harness.Finals).UpdatedAtMs);
    }

    [Fact]
    public void Record_of_another_stream_tells_the_time_too()
    {
        var harness = new EngineHarness().Send(100, 100).Send(3_500, 3_500, stream: "acme/other");
        Assert.Equal("shop", Assert.Single(harness.Finals).Stream);
    }

    [Fact]
    public void Future_event_does_not_move_the_watermark_beyond_log_time()
    {
        var harness = new EngineHarness().Send(100, 100).Send(200, 300_000).Send(1_400, 950);
        Assert.Empty(harness.Finals);
        harness.Send(1_500, 1_500);
        Assert.Equal(5, Assert.Single(harness.Finals).Revision);
        harness.AdvanceTo(310_000);
        Assert.Equal(3, harness.Finals.Count());
    }

    [Fact]
    public void Streams_have_watermarks_of_their_own()
    {
        var harness = new EngineHarness();
        for (var at = 0; at < 30_000; at += 500) harness.Send(at, at, stream: "acme/fresh").Send(at, at - 25_000, stream: "beta/lagging");
        // The stream begins where an idle one would be, at -2,500. Once its own events have passed that point nothing of it is late or corrected,
        // however far the other stream is ahead.
        var lagging = harness.Finals.Where(w => w.Stream == "lagging" && w.WindowStartMs >= EngineHarness.Epoch - 2_000).ToList();
        Assert.Equal(6, lagging.Count);
        Assert.All(lagging, w => Assert.Equal(2ul, w.Count));
        Assert.All(harness.Finals.Where(w => w.Stream == "fresh"), w => Assert.Equal(2ul, w.Count));
    }

    [Fact]
    public void Backlog_in_order_is_never_late_once_the_stream_has_begun()
    {
        var harness = new EngineHarness().Send(0, 0);
        for (var i = 1; i < 100; i++) harness.Send(1, i * 100);
        Assert.Empty(harness.LateOffsets);
    }

    [Fact]
    public void Event_after_the_allowed_lateness_is_late_and_one_before_is_a_correction()
    {
        var harness = new EngineHarness().Send(0, 0).Send(11_499, 11_499).Send(11_499, 500).AdvanceTo(11_499);
        Assert.Empty(harness.LateOffsets);
        harness.Send(11_500, 11_500).Send(11_501, 999);
        Assert.Equal([4], harness.LateOffsets);
        Assert.Equal((4, 1, 0), harness.Counts());
        var revisions = harness.Finals.Where(w => w.WindowStartMs == EngineHarness.Epoch).Select(w => w.Revision);
        Assert.Equal([3, 5], revisions);
    }

    [Fact]
    public void Corrections_are_gathered_for_a_tenth_of_a_second_of_log_time()
    {
        var harness = new EngineHarness().Send(0, 0).Send(5_000, 5_000);
        Assert.Equal(3, Assert.Single(harness.Finals).Revision);
        harness.Send(5_010, 100).Send(5_050, 200).Send(5_099, 300);
        Assert.Single(harness.Finals);
        harness.AdvanceTo(5_100);
        var correction = harness.Finals.Last();
        Assert.Equal((9, EngineHarness.Epoch + 5_100), (correction.Revision, correction.UpdatedAtMs));
        Assert.Equal(1, harness.Counters.Corrections);
    }

    [Fact]
    public void First_event_of_a_stream_that_is_already_over_is_final_at_once()
    {
        var harness = new EngineHarness().Send(20_000, 12_000).AdvanceTo(20_100);
        Assert.Equal(3, Assert.Single(harness.Emitted).Revision);
        harness.Live();
        Assert.Single(harness.Emitted);
    }

    [Fact]
    public void Unknown_stream_counts_as_idle()
    {
        // Watermark at 20,000 is 17,500: what ended before 7,500 is late.
        var harness = new EngineHarness().Send(20_000, 6_499).Send(20_001, 7_000);
        Assert.Equal([0], harness.LateOffsets);
    }

    [Fact]
    public void Stream_that_was_forgotten_is_as_an_unknown_one()
    {
        var harness = new EngineHarness().Send(0, 0).Live().AdvanceTo(13_499);
        Assert.Equal((1, 1), (harness.Engine.Streams, harness.Engine.OpenWindows));
        harness.AdvanceTo(13_500);
        Assert.Equal(0, harness.Engine.Streams);
        Assert.Equal(0, harness.Engine.OpenWindows);
        harness.Send(20_000, 6_499);
        Assert.Equal([1], harness.LateOffsets);
    }

    [Fact]
    public void Live_windows_are_emitted_only_when_they_changed()
    {
        var harness = new EngineHarness().Send(0, 0).Live().Live();
        Assert.Equal((2, false), Assert.Single(harness.Emitted.Select(w => (w.Revision, w.Final))));
        harness.Send(10, 10).Send(20, 20).Live();
        Assert.Equal([2, 6], harness.Emitted.Select(w => w.Revision));
        harness.Send(2_000, 2_000).Live();
        Assert.Equal([(2, false), (6, false), (7, true), (2, false)], harness.Emitted.Select(w => (w.Revision, w.Final)));
    }

    [Fact]
    public void Skipped_live_windows_are_told_when_they_change_again_or_are_final()
    {
        var harness = new EngineHarness().Send(0, 0);
        harness.Engine.SkipLive();
        harness.Live();
        Assert.Empty(harness.Emitted);
        harness.Send(1, 1).Live().AdvanceTo(10_000);
        Assert.Equal([4, 5], harness.Emitted.Select(w => w.Revision));
    }
}
