using Millrace.Verify.Load;
using Millrace.Verify.Observe;

namespace Millrace.Verify.Check;

/// <summary>Compares what was acknowledged with the events that some place holds, id by id.</summary>
internal static class EventCheck
{
    /// <summary>Compares one stream.</summary>
    /// <param name="place">Name of the place.</param>
    /// <param name="of">Whose stream.</param>
    /// <param name="sent">Every event of the stream that is or may be there.</param>
    /// <param name="found">What is there.</param>
    public static IEnumerable<Difference> Compare(string place, (string Tenant, string Stream) of, IEnumerable<JournalEntry> sent, IEnumerable<FoundEvent> found)
    {
        var left = sent.ToDictionary(entry => entry.Id, StringComparer.Ordinal);
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var item in found)
        {
            if (!left.TryGetValue(item.Id, out var entry))
            {
                yield return new Difference(place, "invented", of.Tenant, of.Stream, [item.Id], $"no producer was told that it was taken: {item.Facts}");
                continue;
            }

            var times = seen[item.Id] = seen.GetValueOrDefault(item.Id) + 1;
            if (times == 2) yield return new Difference(place, "doubled", of.Tenant, of.Stream, [item.Id], $"stands there more than once; {Describe(entry)}");
            // What may be there may also be there as a repetition that was sent with other values.
            if (times == 1 && item.Facts != entry.Facts && entry.Fate == Fate.Acknowledged)
                yield return new Difference(place, "altered", of.Tenant, of.Stream, [item.Id], $"sent {entry.Facts}, found {item.Facts}");
        }

        foreach (var entry in left.Values.Where(entry => entry.Fate == Fate.Acknowledged && !seen.ContainsKey(entry.Id)))
            yield return new Difference(place, "lost", of.Tenant, of.Stream, [entry.Id], Describe(entry));
    }

    private static string Describe(JournalEntry entry) =>
        $"acknowledged {DateTimeOffset.FromUnixTimeMilliseconds(entry.AnsweredMs):HH:mm:ss.fff} at attempt {entry.Attempts}, of {DateTimeOffset.FromUnixTimeMilliseconds(entry.TimeMs):yyyy-MM-dd HH:mm:ss.fff}";
}
