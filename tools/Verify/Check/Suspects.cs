using Millrace.Verify.Load;

namespace Millrace.Verify.Check;

/// <summary>Tells by the sum of the events' numbers which events a sum lacks or counts twice.</summary>
internal static class Suspects
{
    /// <summary>Ids named at most where they can't be told apart.</summary>
    public const int Most = 5;

    /// <summary>The events that explain a difference of <paramref name="count"/> events and <paramref name="number"/> in the sum of their numbers.</summary>
    public static IReadOnlyList<string> Find(IReadOnlyList<JournalEntry> events, long count, long number)
    {
        var (wanted, sum) = (Math.Abs(count), Math.Abs(number));
        if (wanted == 1 && events.FirstOrDefault(entry => entry.Number == sum) is { } one) return [one.Id];
        if (wanted == 2 && events.Count <= 2_000)
        {
            var byNumber = events.ToDictionary(entry => entry.Number);
            foreach (var first in events)
            {
                if (byNumber.TryGetValue(sum - first.Number, out var second) && second != first) return [first.Id, second.Id];
            }
        }

        return [.. events.Take(Most).Select(entry => entry.Id)];
    }
}
