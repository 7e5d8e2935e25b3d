using System.Text.Json.Nodes;
using Millrace.Verify.Load;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Observe;

/// <summary>Listens to the single events of a stream.</summary>
internal sealed class EventListener(ITarget target, string tenant, string stream) : SocketListener(target, tenant, stream, "full")
{
    private readonly Lock _gate = new();
    private readonly List<FoundEvent> _seen = [];
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private readonly FeedGaps _gaps = new();

    /// <summary>Events seen, repetitions included.</summary>
    public IReadOnlyList<FoundEvent> Seen
    {
        get
        {
            lock (_gate) return [.. _seen];
        }
    }

    /// <summary>How many different events were seen.</summary>
    public int Different
    {
        get
        {
            lock (_gate) return _ids.Count;
        }
    }

    /// <summary>How often it was told that it is not shown everything.</summary>
    public int Gaps
    {
        get
        {
            lock (_gate) return _gaps.Count;
        }
    }

    /// <summary>Whether an event that it has not seen may have come while it was not shown everything.</summary>
    /// <param name="missed">The event.</param>
    /// <param name="sent">Every event of the stream, by id.</param>
    public bool MayMiss(JournalEntry missed, IReadOnlyDictionary<string, JournalEntry> sent)
    {
        lock (_gate) return _gaps.MayHold(missed, sent);
    }

    protected override void OnSnapshot(JsonNode data)
    {
        lock (_gate)
        {
            foreach (var item in data["events"]!.AsArray()) Add(FoundEvent.Of(item!));
        }
    }

    protected override void OnLess()
    {
        lock (_gate) _gaps.Begin();
    }

    protected override void OnMessage(string position, JsonNode data, bool whole)
    {
        var found = FoundEvent.Of(data);
        lock (_gate)
        {
            if (whole) _gaps.Shown(found.Id);
            Add(found);
        }
    }

    // A repetition of an event is a record of its own, and shown; what counts is that the first is there.
    private void Add(FoundEvent found)
    {
        if (_ids.Add(found.Id)) _seen.Add(found);
    }
}
