using Millrace.Verify.Check;
using Millrace.Verify.Observe;

namespace Millrace.Verify.Tests.Check;

public sealed class RollupCheckTests
{
    [Fact]
    public void Bucket_with_every_event_once_is_exact() => Assert.Empty(Compare(Sent.Three().Minute()));

    [Fact]
    public void Bucket_that_lacks_an_event_names_it()
    {
        var difference = Assert.Single(Compare(Sent.Three().FindAll(entry => entry.Id != "b").Minute()));
        Assert.Equal(("rollup_1m", "lost", "b"), (difference.Place, difference.Kind, Assert.Single(difference.Ids)));
    }

    [Fact]
    public void Bucket_that_counts_an_event_twice_names_it()
    {
        var difference = Assert.Single(Compare(Sent.Three().Append(Sent.Three()[2]).ToList().Minute()));
        Assert.Equal(("doubled", "c"), (difference.Kind, Assert.Single(difference.Ids)));
    }

    [Fact]
    public void Bucket_that_lacks_two_events_names_both()
    {
        var difference = Assert.Single(Compare(Sent.Three().FindAll(entry => entry.Id == "b").Minute()));
        Assert.Equal(["a", "c"], difference.Ids);
    }

    [Fact]
    public void Bucket_with_right_counts_and_a_wrong_sum_is_altered() =>
        Assert.Equal("altered", Assert.Single(Compare(Sent.Three().Minute() with { AmountSum = 31 })).Kind);

    [Fact]
    public void Bucket_that_miscounts_late_events_is_altered() => Assert.Contains("+1 late", Assert.Single(Compare(Sent.Three().Minute() with { Late = 1 })).Detail, StringComparison.Ordinal);

    [Fact]
    public void Bucket_that_is_not_there_names_its_events() => Assert.Equal(["a", "b", "c"], Assert.Single(Compare()).Ids);

    private static IEnumerable<Difference> Compare(params FoundBucket[] found) => RollupCheck.Compare("rollup_1m", TimeSpan.FromMinutes(1), Sent.Of, Sent.Three(), found);
}
