using Millrace.Installations;
using Millrace.Verify.Load;

namespace Millrace.Verify.Check;

/// <summary>Compares a tenant's ledger with the count of its acknowledgements.</summary>
internal static class LedgerCheck
{
    /// <summary>Compares.</summary>
    /// <param name="tally">What was answered.</param>
    /// <param name="landed">Events that were not acknowledged and are there all the same.</param>
    /// <param name="late">Events that are marked as late in the archive.</param>
    /// <param name="before">The ledger before the run.</param>
    /// <param name="after">The ledger at its end.</param>
    public static IEnumerable<Difference> Compare(Tally tally, long landed, long late, Ledger before, Ledger after)
    {
        if (after.Pending != 0 || !after.Balances) yield return Off($"it does not balance: {after}");
        var unique = tally.Accepted + landed;
        var counted = after.Aggregated + after.Late - before.Aggregated - before.Late;
        if (counted != unique) yield return Off($"aggregated and late are {counted}, different events taken {unique}");
        if (after.Late - before.Late != late) yield return Off($"late are {after.Late - before.Late}, marked as late in the archive {late}");
        var archived = after.Archived - before.Archived;
        if (archived != unique) yield return Off($"archived are {archived}, different events taken {unique}");
        var duplicates = after.Duplicate - before.Duplicate;
        // An attempt without an answer is a repetition of itself, if it was taken.
        if (duplicates < tally.Duplicates || duplicates > tally.Duplicates + tally.UnknownGood)
            yield return Off($"duplicates are {duplicates}, expected {tally.Duplicates} to {tally.Duplicates + tally.UnknownGood}");
        var rejected = after.Rejected - before.Rejected;
        if (rejected < tally.Rejected || rejected > tally.Rejected + tally.UnknownMalformed + tally.UnknownGood)
            yield return Off($"rejected are {rejected}, expected {tally.Rejected} to {tally.Rejected + tally.UnknownMalformed}");

        Difference Off(string detail) => new("ledger", "miscounted", after.Tenant, "", [], detail);
    }
}
