using Millrace.Archiver.Progress;
using Millrace.Archiver.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.Archiver.Tests.Pipeline;

public sealed class OwnershipTests
{
    private static readonly LaneId Lane = new("clickhouse", "millrace.events", 0, "e1");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Confirmation_is_good_for_a_minute_and_refused_once_another_has_the_lane()
    {
        await using var stores = await Stores.OpenAsync();
        var progress = stores.Progress;
        await progress.MigrateAsync(Cancelled);
        var time = new ManualTimeProvider();
        var ownership = new Ownership(Assert.Single(await progress.ClaimAsync([Lane], Cancelled)), progress, time);
        await ownership.ConfirmAsync(Cancelled);
        time.Advance(Ownership.GoodFor);
        ownership.ThrowIfStale();

        // As after SIGSTOP: the insert that was on its way is not sent, and the lane is asked for anew.
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(
            "This process stood still for 61 s between asking whether millrace.events/0 is its own and writing.",
            Assert.Throws<TimeoutException>(ownership.ThrowIfStale).Message);
        await ownership.ConfirmAsync(Cancelled);
        ownership.ThrowIfStale();
        await progress.ClaimAsync([Lane], Cancelled);
        await Assert.ThrowsAsync<LaneLostException>(() => ownership.ConfirmAsync(Cancelled));
    }

    [Fact]
    public async Task Complete_keeps_the_watermarks_for_the_next_owner()
    {
        await using var stores = await Stores.OpenAsync();
        var progress = stores.Progress;
        await progress.MigrateAsync(Cancelled);
        var claim = Assert.Single(await progress.ClaimAsync([Lane], Cancelled));
        await progress.CompleteAsync(claim, new LanePosition(7, 1_000, null, [1, 2, 3]), new Dictionary<string, long>(), Cancelled);

        var next = Assert.Single(await progress.ClaimAsync([Lane], Cancelled));
        Assert.Equal([1, 2, 3], next.Progress.Position?.Watermarks!);
        var other = Assert.Single(await progress.ClaimAsync([Lane with { Epoch = "e2" }], Cancelled));
        Assert.Null(other.Progress.Position);
    }
}
