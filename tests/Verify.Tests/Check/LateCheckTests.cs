using Millrace.Verify.Check;
using Millrace.Verify.Load;
using Millrace.Verify.Observe;

namespace Millrace.Verify.Tests.Check;

public sealed class LateCheckTests
{
    [Fact]
    public void Mark_that_both_halves_of_the_archive_carry_is_exact_and_taken_over()
    {
        var sent = Sent.Three();
        sent[1].MayBeLate = true;
        Assert.Empty(LateCheck.Compare(Sent.Of, sent, Late(sent, "b"), Late(sent, "b")));
        Assert.Equal([false, true, false], sent.Select(entry => entry.WasLate));
    }

    [Fact]
    public void Event_in_time_that_is_marked_is_named() =>
        Assert.Equal("a", Assert.Single(Assert.Single(LateCheck.Compare(Sent.Of, Sent.Three(), Late(Sent.Three(), "a"), null)).Ids));

    [Fact]
    public void Event_hours_late_that_is_not_marked_is_named()
    {
        var sent = Sent.Three();
        sent[2].MustBeLate = sent[2].MayBeLate = true;
        Assert.Equal("c", Assert.Single(Assert.Single(LateCheck.Compare(Sent.Of, sent, Late(sent), null)).Ids));
    }

    [Fact]
    public void Halves_of_the_archive_that_disagree_are_a_difference()
    {
        var sent = Sent.Three();
        sent[1].MayBeLate = true;
        Assert.Contains("not late in the object store", Assert.Single(LateCheck.Compare(Sent.Of, sent, Late(sent, "b"), Late(sent))).Detail, StringComparison.Ordinal);
    }

    private static IEnumerable<FoundEvent> Late(List<JournalEntry> sent, params string[] ids) => sent.Rows().Select(row => row with { Late = ids.Contains(row.Id) });
}
