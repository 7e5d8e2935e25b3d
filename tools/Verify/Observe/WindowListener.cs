using System.Text.Json.Nodes;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Observe;

/// <summary>Listens to the windows of a stream, and keeps the highest revision of each, as protocols.md tells clients to.</summary>
internal sealed class WindowListener(ITarget target, string tenant, string stream) : SocketListener(target, tenant, stream, "deltas")
{
    private readonly Lock _gate = new();
    private readonly Dictionary<WindowKey, FoundWindow> _windows = [];
    private readonly List<string> _contradictions = [];

    /// <summary>The highest revision of each window.</summary>
    public IReadOnlyDictionary<WindowKey, FoundWindow> Windows
    {
        get
        {
            lock (_gate) return new Dictionary<WindowKey, FoundWindow>(_windows);
        }
    }

    /// <summary>Revisions that were seen with two contents.</summary>
    public IReadOnlyList<string> Contradictions
    {
        get
        {
            lock (_gate) return [.. _contradictions];
        }
    }

    protected override void OnSnapshot(JsonNode data)
    {
        foreach (var item in data["windows"]!.AsArray()) OnMessage("snapshot", item!, whole: true);
    }

    protected override void OnMessage(string position, JsonNode data, bool whole)
    {
        var found = FoundWindow.Of(data);
        lock (_gate)
        {
            if (_windows.TryGetValue(found.Key, out var known) && known.Revision >= found.Revision)
            {
                if (known.Revision == found.Revision && known != found) _contradictions.Add($"{known} and at {position} {found}");
                return;
            }

            _windows[found.Key] = found;
        }
    }
}
