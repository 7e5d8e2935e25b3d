using Millrace.Verify.Load;
using Millrace.Verify.Observe;

namespace Millrace.Verify.Check;

/// <summary>Compares the buckets of a rollup with the events that must be in them.</summary>
internal static class RollupCheck
{
    /// <summary>Compares one stream.</summary>
    /// <param name="table">Name of the rollup.</param>
    /// <param name="size">Length of a bucket.</param>
    /// <param name="of">Whose stream.</param>
    /// <param name="events">The events that are in the archive.</param>
    /// <param name="found">The buckets.</param>
    public static IEnumerable<Difference> Compare(
        string table, TimeSpan size, (string Tenant, string Stream) of, IEnumerable<JournalEntry> events, IEnumerable<FoundBucket> found)
    {
        var length = (long)size.TotalMilliseconds;
        var expected = events.GroupBy(entry => (entry.Type, Start: entry.TimeMs - (entry.TimeMs % length))).ToDictionary(group => group.Key, group => group.ToList());
        foreach (var bucket in found)
        {
            if (!expected.Remove((bucket.Type, bucket.StartMs), out var inside)) inside = [];
            var count = bucket.Count - inside.Count;
            var samples = bucket.Samples - inside.Count;
            var number = bucket.NumberSum - inside.Sum(entry => entry.Number);
            var amount = bucket.AmountSum - inside.Sum(entry => entry.Amount);
            var late = bucket.Late - inside.Count(entry => entry.WasLate);
            if (count == 0 && samples == 0 && number == 0 && amount == 0 && late == 0) continue;
            yield return new Difference(
                table,
                count < 0 ? "lost" : count > 0 ? "doubled" : "altered",
                of.Tenant,
                of.Stream,
                Suspects.Find(inside, count == 0 ? samples : count, number),
                $"bucket {Bucket(bucket.Type, bucket.StartMs)}: {bucket.Count} events of {inside.Count}, {samples:+0;-0;0} samples, {late:+0;-0;0} late, sums off by {number} and {amount}");
        }

        foreach (var (key, inside) in expected)
            yield return new Difference(table, "lost", of.Tenant, of.Stream, [.. inside.Take(Suspects.Most).Select(entry => entry.Id)], $"bucket {Bucket(key.Type, key.Start)} with {inside.Count} events is not there");
    }

    private static string Bucket(string type, long start) => $"{type} {DateTimeOffset.FromUnixTimeMilliseconds(start):yyyy-MM-dd HH:mm}";
}
