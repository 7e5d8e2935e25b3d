using Millrace.Verify.Load;
using Millrace.Verify.Observe;

namespace Millrace.Verify.Check;

/// <summary>Compares which events are marked as late, between the archive's two halves and with what can be known from outside.</summary>
internal static class LateCheck
{
    /// <summary>Takes over what the rows say, and compares one stream.</summary>
    /// <param name="of">Whose stream.</param>
    /// <param name="taken">The events that are in the archive.</param>
    /// <param name="rows">The rows in ClickHouse.</param>
    /// <param name="objects">The lines in the object store; null where nobody can look.</param>
    public static IEnumerable<Difference> Compare(
        (string Tenant, string Stream) of, IReadOnlyList<JournalEntry> taken, IEnumerable<FoundEvent> rows, IEnumerable<FoundEvent>? objects)
    {
        var late = rows.Where(row => row.Late).Select(row => row.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var entry in taken)
        {
            entry.WasLate = late.Contains(entry.Id);
            if (entry.WasLate ? entry.MayBeLate : !entry.MustBeLate) continue;
            yield return new Difference(
                "late",
                "altered",
                of.Tenant,
                of.Stream,
                [entry.Id],
                entry.WasLate ? $"is marked as late, and was acknowledged {entry.AnsweredMs - entry.TimeMs} ms after its time" : "is hours late, and is not marked");
        }

        if (objects is null) yield break;
        foreach (var line in objects.Where(line => line.Late != late.Contains(line.Id)))
            yield return new Difference("late", "altered", of.Tenant, of.Stream, [line.Id], $"is {(line.Late ? "" : "not ")}late in the object store, and {(line.Late ? "not " : "")}late in ClickHouse");
    }
}
