using System.Text.Json.Nodes;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Observe;

/// <summary>Listens to the single events of a stream.</summary>
internal sealed class EventListener(ITarget target, string tenant, string stream) : SocketListener(target, tenant, stream, "full")
{
    private readonly Lock _gate = new();
    private readonly List<FoundEvent> _seen = [];
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);

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

    protected override void OnSnapshot(JsonNode data)
    {
        foreach (var item in data["events"]!.AsArray()) Add(item!);
    }

    protected override void OnMessage(string position, JsonNode data) => Add(data);

    private void Add(JsonNode data)
    {
        var found = FoundEvent.Of(data);
        lock (_gate)
        {
            // A repetition of an event is a record of its own, and shown; what counts is that the first is there.
            if (_ids.Add(found.Id)) _seen.Add(found);
        }
    }
}
