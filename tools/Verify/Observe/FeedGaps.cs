using Millrace.Verify.Load;

namespace Millrace.Verify.Observe;

/// <summary>
/// The stretches of a feed in which its listener was not shown everything, and was told so. Where the log has no clock that the checker could read, a stretch is
/// bounded by the events around it: the last that was shown before it began, and the first that was shown in full after it.
/// </summary>
internal sealed class FeedGaps
{
    private readonly List<(string? Before, string? After)> _gaps = [];
    private string? _last;
    private bool _open;

    /// <summary>How many there were.</summary>
    public int Count => _gaps.Count;

    /// <summary>From here on not everything is shown.</summary>
    public void Begin()
    {
        if (_open) return;
        _open = true;
        _gaps.Add((_last, null));
    }

    /// <summary>An event was shown, and everything is shown from it on.</summary>
    public void Shown(string id)
    {
        if (_open) _gaps[^1] = (_gaps[^1].Before, id);
        _open = false;
        _last = id;
    }

    /// <summary>Whether an event that was not seen may have come in one of them.</summary>
    /// <param name="missed">The event.</param>
    /// <param name="sent">Every event of the stream, by id.</param>
    public bool MayHold(JournalEntry missed, IReadOnlyDictionary<string, JournalEntry> sent)
    {
        foreach (var (before, after) in _gaps)
        {
            // An event came to the log between its first attempt and its last answer, and so did those around the gap.
            var from = before is not null && sent.TryGetValue(before, out var first) ? first.SentMs : long.MinValue;
            var to = after is not null && sent.TryGetValue(after, out var last) ? last.LastAnsweredMs : long.MaxValue;
            if (missed.SentMs <= to && missed.LastAnsweredMs >= from) return true;
        }

        return false;
    }
}
