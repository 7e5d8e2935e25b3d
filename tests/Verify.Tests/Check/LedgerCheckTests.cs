using Millrace.Installations;
using Millrace.Verify.Check;
using Millrace.Verify.Load;

namespace Millrace.Verify.Tests.Check;

public sealed class LedgerCheckTests
{
    private static readonly Ledger _before = new("acme", 10, 5, 1, 2, 2, 2, 6, 0);
    private static readonly Ledger _after = new("acme", 10 + 9, 5 + 4, 1 + 1, 2 + 2, 2 + 2, 2 + 2, 6 + 5, 0);

    [Fact]
    public void Ledger_that_counts_what_was_answered_is_exact() => Assert.Empty(LedgerCheck.Compare(Tally(), 0, 1, _before, _after));

    [Fact]
    public void Ledger_that_misses_an_event_is_a_difference()
    {
        var ledger = _after with { Received = _after.Received - 1, Aggregated = _after.Aggregated - 1, Archived = _after.Archived - 1 };
        Assert.Equal(
            ["aggregated and late are 4, different events taken 5", "archived are 4, different events taken 5"],
            LedgerCheck.Compare(Tally(), 0, 1, _before, ledger).Select(difference => difference.Detail));
    }

    [Fact]
    public void Ledger_that_is_not_at_rest_is_a_difference() =>
        Assert.Contains("does not balance", Assert.Single(LedgerCheck.Compare(Tally(), 0, 1, _before, _after with { Pending = 1 })).Detail, StringComparison.Ordinal);

    [Fact]
    public void Attempt_without_an_answer_may_count_as_repetition()
    {
        var tally = Tally();
        tally.CountUnknown(good: 2, malformed: 1);
        Assert.Empty(LedgerCheck.Compare(tally, 0, 1, _before, _after));
        var more = _after with { Received = _after.Received + 3, Duplicate = _after.Duplicate + 2, Rejected = _after.Rejected + 1, DeadLettered = _after.DeadLettered + 1 };
        Assert.Empty(LedgerCheck.Compare(tally, 0, 1, _before, more));
        Assert.Single(LedgerCheck.Compare(tally, 0, 1, _before, more with { Received = more.Received + 1, Duplicate = more.Duplicate + 1 }));
    }

    private static Tally Tally()
    {
        var tally = new Tally();
        for (var i = 0; i < 5; i++) tally.CountAccepted();
        for (var i = 0; i < 2; i++) tally.CountDuplicate();
        for (var i = 0; i < 2; i++) tally.CountRejected();
        return tally;
    }
}
