using Millrace.Verify.Load;
using Millrace.Verify.Observe;

namespace Millrace.Verify.Check;

/// <summary>Compares final windows with the events that must be in them. An event that was late is in none.</summary>
internal static class WindowCheck
{
    private const long WindowMs = 1_000;

    /// <summary>Compares one stream.</summary>
    /// <param name="of">Whose stream.</param>
    /// <param name="events">The events that were taken; which of them were late is known by now.</param>
    /// <param name="found">The final windows, as the API gives them.</param>
    public static IEnumerable<Difference> Compare((string Tenant, string Stream) of, IEnumerable<JournalEntry> events, IEnumerable<FoundWindow> found)
    {
        var expected = events.Where(entry => !entry.WasLate)
            .GroupBy(entry => new WindowKey(entry.Type, entry.TimeMs - (entry.TimeMs % WindowMs), entry.TimeMs - (entry.TimeMs % WindowMs) + WindowMs))
            .ToDictionary(group => group.Key, group => group.ToList());
        foreach (var window in found)
        {
            if (!expected.Remove(window.Key, out var inside)) inside = [];
            var count = window.Count - inside.Count;
            var number = window.NumberSum - inside.Sum(entry => entry.Number);
            var amount = window.AmountSum - inside.Sum(entry => entry.Amount);
            if (count == 0 && number == 0 && amount == 0 && window.Revision == (2 * window.Count) + 1) continue;
            yield return new Difference(
                "windows",
                count < 0 ? "lost" : count > 0 ? "doubled" : "altered",
                of.Tenant,
                of.Stream,
                Suspects.Find(inside, count, number),
                $"window {Text(window.Key)}: {window.Count} events of {inside.Count}, sums off by {number} and {amount}, revision {window.Revision}");
        }

        foreach (var (key, inside) in expected)
            yield return new Difference("windows", "lost", of.Tenant, of.Stream, [.. inside.Select(entry => entry.Id)], $"window {Text(key)} is not there or not final");
    }

    /// <summary>A window as people read it.</summary>
    public static string Text(WindowKey key) => $"{key.Type} {DateTimeOffset.FromUnixTimeMilliseconds(key.StartMs):HH:mm:ss}";
}
