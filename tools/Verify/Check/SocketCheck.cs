using Millrace.Verify.Load;
using Millrace.Verify.Observe;

namespace Millrace.Verify.Check;

/// <summary>Compares what a socket saw, after every recovery, with what was there to see.</summary>
internal static class SocketCheck
{
    /// <summary>The windows that a listener ended with must be those that the API has.</summary>
    public static IEnumerable<Difference> Windows(WindowListener listener, IEnumerable<FoundWindow> final)
    {
        const string place = "socket:windows";
        var seen = listener.Windows;
        foreach (var window in final)
        {
            if (!seen.TryGetValue(window.Key, out var last))
                yield return new Difference(place, "lost", listener.Tenant, listener.Stream, [], $"window {WindowCheck.Text(window.Key)} with {window.Count} events was never seen");
            else if (last != window)
                yield return new Difference(place, last.Revision < window.Revision ? "lost" : "altered", listener.Tenant, listener.Stream, [], $"window {WindowCheck.Text(window.Key)} ended as {last} and is {window}");
        }

        foreach (var contradiction in listener.Contradictions)
            yield return new Difference(place, "altered", listener.Tenant, listener.Stream, [], contradiction);
        foreach (var difference in Order(place, listener)) yield return difference;
    }

    /// <summary>Every event must have been seen, but for those that came while a listener was told that it is not shown all: a sample, or a snapshot in place of what it had missed.</summary>
    public static IEnumerable<Difference> Events(EventListener listener, IReadOnlyCollection<JournalEntry> sent)
    {
        const string place = "socket:events";
        var byId = sent.ToDictionary(entry => entry.Id, StringComparer.Ordinal);
        foreach (var difference in EventCheck.Compare(place, (listener.Tenant, listener.Stream), sent, listener.Seen))
        {
            // What it saw of an id first may then be a repetition, too.
            if (difference.Kind is not ("lost" or "altered") || !listener.MayMiss(byId[difference.Ids[0]], byId)) yield return difference;
        }

        foreach (var difference in Order(place, listener)) yield return difference;
    }

    private static IEnumerable<Difference> Order(string place, SocketListener listener) => listener.Disorder.Take(Suspects.Most)
        .Select(disorder => new Difference(place, "disordered", listener.Tenant, listener.Stream, [], "position " + disorder));
}
