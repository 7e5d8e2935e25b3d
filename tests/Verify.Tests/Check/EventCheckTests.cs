using Millrace.Verify.Check;
using Millrace.Verify.Load;
using Millrace.Verify.Observe;

namespace Millrace.Verify.Tests.Check;

public sealed class EventCheckTests
{
    [Fact]
    public void Place_that_has_every_event_once_is_exact() => Assert.Empty(Compare(Sent.Three(), Sent.Three().Rows()));

    [Fact]
    public void Event_that_is_missing_is_named_as_lost()
    {
        var difference = Assert.Single(Compare(Sent.Three(), Sent.Three().Rows().Where(row => row.Id != "b")));
        Assert.Equal(("objects", "lost", "acme", "s", "b"), (difference.Place, difference.Kind, difference.Tenant, difference.Stream, Assert.Single(difference.Ids)));
        Assert.Contains("at attempt 1", difference.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Event_that_stands_twice_is_named_as_doubled()
    {
        var rows = Sent.Three().Rows();
        var difference = Assert.Single(Compare(Sent.Three(), [.. rows, rows[2], rows[2]]));
        Assert.Equal(("objects", "doubled", "c"), (difference.Place, difference.Kind, Assert.Single(difference.Ids)));
    }

    [Fact]
    public void Event_with_another_value_is_named_as_altered()
    {
        var rows = Sent.Three().Rows();
        rows[0] = rows[0] with { Facts = rows[0].Facts with { Amount = 11 } };
        var difference = Assert.Single(Compare(Sent.Three(), rows));
        Assert.Equal(("objects", "altered", "a"), (difference.Place, difference.Kind, Assert.Single(difference.Ids)));
    }

    [Fact]
    public void Event_that_nobody_was_told_of_is_named_as_invented()
    {
        var difference = Assert.Single(Compare(Sent.Three(), [.. Sent.Three().Rows(), new FoundEvent("x", default, Late: false)]));
        Assert.Equal(("invented", "x"), (difference.Kind, Assert.Single(difference.Ids)));
    }

    [Fact]
    public void Event_without_an_answer_may_be_there_or_not_but_not_twice()
    {
        var sent = Sent.Three();
        sent[1].Fate = Fate.Maybe;
        Assert.Empty(Compare(sent, sent.Rows()));
        Assert.Empty(Compare(sent, sent.Rows().Where(row => row.Id != "b")));
        Assert.Equal("doubled", Assert.Single(Compare(sent, [.. sent.Rows(), sent.Rows()[1]])).Kind);
    }

    private static IEnumerable<Difference> Compare(IEnumerable<JournalEntry> sent, IEnumerable<FoundEvent> found) => EventCheck.Compare("objects", Sent.Of, sent, found);
}
