using Millrace.Verify.Load;
using Millrace.Verify.Observe;

namespace Millrace.Verify.Check;

/// <summary>Compares final windows with the events that must be in them. An event that was late is in none.</summary>
internal static class WindowCheck
{
    private const long WindowMs = 1_000;

    /// <summary>Compares one stream.</summary>
    /// <param name="of">Whose stream.</param>
    /// <param name="events">The events that were taken.</param>
    /// <param name="found">The final windows, as the API gives them.</param>
    public static IEnumerable<Difference> Compare((string Tenant, string Stream) of, IEnumerable<JournalEntry> events, IEnumerable<FoundWindow> found)
    {
        var expected = events.Where(entry => !entry.MustBeLate)
            .GroupBy(entry => new WindowKey(entry.Type, entry.TimeMs - (entry.TimeMs % WindowMs), entry.TimeMs - (entry.TimeMs % WindowMs) + WindowMs))
            .ToDictionary(group => group.Key, group => group.ToList());
        foreach (var window in found)
        {
            if (!expected.Remove(window.Key, out var inside)) inside = [];
            if (Explain(inside, window) is { } difference) yield return difference with { Tenant = of.Tenant, Stream = of.Stream };
        }

        foreach (var (key, inside) in expected)
        {
            var surely = inside.Where(entry => !entry.MayBeLate).Select(entry => entry.Id).ToList();
            if (surely.Count > 0) yield return new Difference("windows", "lost", of.Tenant, of.Stream, surely, $"window {Text(key)} is not there or not final");
        }
    }

    /// <summary>A window as people read it.</summary>
    public static string Text(WindowKey key) => $"{key.Type} {DateTimeOffset.FromUnixTimeMilliseconds(key.StartMs):HH:mm:ss}";

    private static Difference? Explain(List<JournalEntry> inside, FoundWindow window)
    {
        var surely = inside.Where(entry => !entry.MayBeLate).ToList();
        var perhaps = inside.Where(entry => entry.MayBeLate).ToList();
        var count = window.Count - surely.Count;
        var number = window.NumberSum - surely.Sum(entry => entry.Number);
        if (Suspects.CanSumTo([.. perhaps.Select(entry => entry.Number)], count, number))
        {
            var amount = window.AmountSum - surely.Sum(entry => entry.Amount);
            if (perhaps.Count > 0 || amount == 0) return window.Revision == (2 * window.Count) + 1 ? null : Off(inside, window, "altered", "its revision does not count its events");
            return Off(inside, window, "altered", $"the sum of amounts is off by {amount}");
        }

        var kind = count < 0 ? "lost" : count > perhaps.Count ? "doubled" : "altered";
        var (missing, sum) = count < 0 ? (count, number) : (window.Count - inside.Count, window.NumberSum - inside.Sum(entry => entry.Number));
        return new Difference(
            "windows", kind, "", "", Suspects.Find(inside, missing, sum), $"window {Text(window.Key)}: {window.Count} events, expected {surely.Count} to {inside.Count}; sum of numbers off by {sum}");
    }

    private static Difference Off(List<JournalEntry> inside, FoundWindow window, string kind, string what) =>
        new("windows", kind, "", "", [.. inside.Take(Suspects.Most).Select(entry => entry.Id)], $"window {Text(window.Key)}: {what}");
}
