using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Windows;

internal sealed partial class WindowContent
{
    private static readonly Comparison<WindowEntry> PageOrder = static (a, b) => Compare(a, b.Id.SizeMs, b.Id.Series.Type, b.Id.Series.Key);

    /// <summary>A page of windows by start, size, type and key.</summary>
    /// <param name="query">Which ones.</param>
    /// <param name="into">Receives the page.</param>
    /// <returns>Where the next page begins, <see langword="null"/> when this was the last.</returns>
    public WindowCursor? Query(in WindowQuery query, List<Publication> into)
    {
        var size = query.SizeMs ?? _smallestSize;
        var page = new List<WindowEntry>();
        WindowCursor? last = null;
        for (var i = FirstStartFrom(query.After?.StartMs ?? query.FromMs); i < _byStart.Count && _byStart.Keys[i] < query.ToMs; i++)
        {
            page.Clear();
            foreach (var entry in _byStart.Values[i])
            {
                if (entry.Id.SizeMs != size || (query.Final is { } final && final != entry.Final)) continue;
                if (query.Type is not null && !string.Equals(query.Type, entry.Id.Series.Type, StringComparison.Ordinal)) continue;
                if (query.After is { } after && after.StartMs == entry.Id.StartMs && Compare(entry, after.SizeMs, after.Type, after.Key) <= 0) continue;
                page.Add(entry);
            }

            page.Sort(PageOrder);
            foreach (var entry in page)
            {
                if (into.Count == query.Limit) return last;
                into.Add(entry.Latest);
                if (into.Count == query.Limit) last = new WindowCursor(entry.Id.StartMs, entry.Id.SizeMs, entry.Id.Series.Type, entry.Id.Series.Key);
            }
        }

        return null;
    }

    private static int Compare(WindowEntry entry, int size, string type, string key)
    {
        var order = entry.Id.SizeMs.CompareTo(size);
        if (order == 0) order = string.CompareOrdinal(entry.Id.Series.Type, type);
        return order == 0 ? string.CompareOrdinal(entry.Id.Series.Key, key) : order;
    }

    private int FirstStartFrom(long start)
    {
        var keys = _byStart.Keys;
        int low = 0, high = keys.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (keys[middle] < start) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
