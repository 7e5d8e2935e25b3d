namespace Millrace.RealtimeGateway.Channels;

/// <summary>Clients' publications have no state but their history, and a new subscriber is shown nothing of it: it asks for what it wants.</summary>
internal sealed class PublicationContent(ChannelHistory history) : ChannelContent
{
    public override bool IsEmpty => history.Count == 0;

    public override bool Apply(Publication publication, object? source) => true;

    public override void Snapshot(string? type, List<Publication> into)
    {
    }

    public override long? After(long offset, in ChangeQuery query, List<Publication> into)
    {
        var bytes = 0;
        for (var i = history.IndexAfter(offset); i < history.Count; i++)
        {
            bytes += history[i].Data.Length;
            if (bytes > query.MaxBytes && into.Count > 0) return into[^1].Offset;
            into.Add(history[i]);
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
