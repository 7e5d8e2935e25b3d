using Millrace.Contracts.Protos;

namespace Millrace.RealtimeGateway.Channels;

/// <summary>The latest change of each alert of a tenant.</summary>
internal sealed class AlertContent(GatewayOptions options) : ChannelContent
{
    private readonly Dictionary<string, Entry> _alerts = new(StringComparer.Ordinal);
    private readonly LatestList _list = new();

    public override bool IsEmpty => _alerts.Count == 0;

    public override bool Apply(Publication publication, object? source)
    {
        var change = (AlertChange)source!;
        if (_alerts.TryGetValue(change.AlertId, out var entry))
        {
            if (change.Revision <= entry.Revision) return false;
            _list.Remove(entry);
        }
        else
        {
            entry = new Entry { Id = change.AlertId, Latest = publication };
            _alerts.Add(change.AlertId, entry);
        }

        entry.Latest = publication;
        entry.Revision = change.Revision;
        entry.Over = change.State is AlertState.Resolved or AlertState.Inactive;
        _list.Append(entry);
        Bound();
        return true;
    }

    public override void Snapshot(string? type, List<Publication> into)
    {
        var bytes = 0;
        for (var entry = _list.Newest; entry is not null; entry = entry.Older)
        {
            bytes += entry.Latest.Data.Length;
            if (bytes > options.History.SnapshotBytes) break;
            into.Add(entry.Latest);
        }

        into.Reverse();
    }

    public override long? After(long offset, in ChangeQuery query, List<Publication> into)
    {
        var bytes = 0;
        for (var entry = _list.FirstAfter(offset); entry is not null; entry = entry.Newer)
        {
            bytes += entry.Latest.Data.Length;
            if (bytes > query.MaxBytes && into.Count > 0) return into[^1].Offset;
            into.Add(entry.Latest);
        }

        return null;
    }

    // Bounded by count, not by age: an alert that fires for weeks is still news to whoever comes now.
    public override void Trim(long nowMs)
    {
    }

    public override void Clear()
    {
        _alerts.Clear();
        _list.Clear();
    }

    private void Bound()
    {
        if (_alerts.Count <= options.AlertsPerTenant) return;
        var victim = _list.Oldest as Entry;
        while (victim is { Over: false }) victim = victim.Newer as Entry;
        victim ??= (Entry)_list.Oldest!;
        _list.Remove(victim);
        _alerts.Remove(victim.Id);
    }

    private sealed class Entry : LatestEntry
    {
        public required string Id { get; init; }

        public long Revision { get; set; }

        public bool Over { get; set; }
    }
}
