using Millrace.Verify.Load;
using Millrace.Verify.Observe;

namespace Millrace.Verify.Tests;

/// <summary>Three acknowledged events of one window, and what places hold that have them all.</summary>
internal static class Sent
{
    public const long Start = 1_790_000_000_000;

    public static readonly (string Tenant, string Stream) Of = ("acme", "s");

    public static List<JournalEntry> Three() => [Event("a", 64), Event("b", 129), Event("c", 322)];

    public static JournalEntry Event(string id, long number, long timeMs = Start + 100) => new()
    {
        Id = id,
        Tenant = Of.Tenant,
        Stream = Of.Stream,
        Type = "sale",
        TimeMs = timeMs,
        Number = number,
        Amount = 10,
        Fate = Fate.Acknowledged,
        Attempts = 1,
        SentMs = timeMs,
        AnsweredMs = timeMs + 20,
    };

    public static List<FoundEvent> Rows(this IEnumerable<JournalEntry> events) => [.. events.Select(entry => new FoundEvent(entry.Id, entry.Facts, entry.WasLate))];

    public static FoundWindow Window(this IReadOnlyCollection<JournalEntry> events) => new(
        new WindowKey("sale", Start, Start + 1_000), (2 * events.Count) + 1, Final: true, events.Count, events.Sum(entry => entry.Number), events.Sum(entry => entry.Amount));

    public static FoundBucket Minute(this IReadOnlyCollection<JournalEntry> events) => new(
        "sale", Start - (Start % 60_000), events.Count, events.Count, events.Sum(entry => entry.Number), events.Sum(entry => entry.Amount), events.Count(entry => entry.WasLate));
}
