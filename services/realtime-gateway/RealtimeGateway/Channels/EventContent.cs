namespace Millrace.RealtimeGateway.Channels;

/// <summary>Events have no state but their history: a snapshot is the last few of them.</summary>
internal sealed class EventContent(ChannelHistory history, GatewayOptions options) : ChannelContent
{
    public override bool IsEmpty => history.Count == 0;

    public override bool Apply(Publication publication, object? source) => true;

    public override void Snapshot(string? type, List<Publication> into)
    {
        var bytes = 0;
        for (var i = history.Count - 1; i >= 0 && into.Count < options.Events.Snapshot; i--)
        {
            var publication = history[i];
            if (type is not null && !string.Equals(type, publication.Type, StringComparison.Ordinal)) continue;
            bytes += publication.Data.Length;
            if (bytes > options.History.SnapshotBytes) break;
            into.Add(publication);
        }

        into.Reverse();
    }

    public override long? After(long offset, in ChangeQuery query, List<Publication> into)
    {
        var bytes = 0;
        for (var i = history.IndexAfter(offset); i < history.Count; i++)
        {
            var publication = history[i];
            if (!query.Takes(publication)) continue;
            bytes += publication.Data.Length;
            if (bytes > query.MaxBytes && into.Count > 0) return into[^1].Offset;
            into.Add(publication);
        }

        return null;
    }

    // The history trims itself.
    public override void Trim(long nowMs)
    {
    }

    public override void Clear()
    {
    }
}
