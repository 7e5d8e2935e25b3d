using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Deltas;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Channels;

internal sealed partial class ChannelMessages
{
    /// <summary>A publication for those who take deltas.</summary>
    public DeltaFrames Deltas(DeltaKind kind, Publication publication) => kind == DeltaKind.Fossil
        ? new FossilFrames(this, publication, Document(publication), publication.Offset)
        : new MergePatchFrames(Plain(Type, publication.Data, publication.Offset, aggregated: false, publication.SampleRate));

    /// <summary>The latest state of several items, for those who take deltas.</summary>
    public DeltaFrames SnapshotDeltas(DeltaKind kind, ReadOnlySpan<byte> document, long offset, bool aggregated) => kind == DeltaKind.Fossil
        ? new FossilFrames(this, null, Wrap("snapshot"u8, document, aggregated, 1), offset)
        : new MergePatchFrames(Plain("snapshot"u8, document, offset, aggregated, 1));

    /// <summary>A note, for those who take deltas.</summary>
    public DeltaFrames DegradedDeltas(DeltaKind kind, ReadOnlySpan<byte> document) => kind == DeltaKind.Fossil
        ? new FossilFrames(this, null, Wrap("degraded"u8, document, aggregated: false, 1), 0)
        : new MergePatchFrames(Plain("degraded"u8, document, 0, aggregated: false, 1));

    /// <summary>The data of a publication, as clients see it.</summary>
    public byte[] Document(Publication publication) =>
        words is null ? publication.Data : Wrap(Type, publication.Data, aggregated: false, publication.SampleRate);

    /// <summary>A push of a publication in a chain of deltas.</summary>
    /// <param name="wire">The wire.</param>
    /// <param name="publication">The publication; <see langword="null"/> for a note.</param>
    /// <param name="data">Its data, or the delta.</param>
    /// <param name="isDelta">Which of them.</param>
    /// <param name="offset">Position after it.</param>
    public Frame Chained(Wire wire, Publication? publication, ReadOnlySpan<byte> data, bool isDelta, long offset)
    {
        using var to = BeginPush(wire, wire.Format!, Fields.Push.Pub, data.Length + 256);
        WriteChained(to, publication, data, isDelta, offset);
        return EndPush(wire, to);
    }

    /// <summary>Writes publications as a chain: the first one whole, each other one as a delta of the one before it.</summary>
    public void WriteChain(MessageWriter to, Field field, IReadOnlyList<Publication> publications)
    {
        byte[]? before = null;
        foreach (var publication in publications)
        {
            var document = Document(publication);
            var delta = before is null ? document : DeltaMaker.Make(before, document);
            var isDelta = before is not null && delta.Length < document.Length;
            to.BeginItem(field);
            WriteChained(to, publication, isDelta ? delta : document, isDelta, publication.Offset);
            to.End();
            before = document;
        }
    }

    // In JSON the data is a text that holds the document, or the delta: a delta is no document.
    private static void WriteChained(MessageWriter to, Publication? publication, ReadOnlySpan<byte> data, bool isDelta, long offset)
    {
        to.Opaque(Fields.Publication.Data, data);
        if (publication?.Info is { } info) Write(to, Fields.Publication.Info, info);
        to.Number(Fields.Publication.Offset, offset);
        if (publication?.Tags is { Count: > 0 } tags) WriteTags(to, tags);
        to.Flag(Fields.Publication.Delta, isDelta);
    }

    private static void WriteTags(MessageWriter to, IReadOnlyDictionary<string, string> tags)
    {
        to.BeginMap(Fields.Publication.Tags);
        foreach (var (key, value) in tags) to.TextEntry(Fields.Publication.Tags, key, value);
        to.EndMap();
    }

    private byte[] Plain(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data, long offset, bool aggregated, double sampleRate)
    {
        var b = new Utf8Builder(data.Length + 256);
        WritePlain(ref b, type, data, offset, aggregated, sampleRate);
        var bytes = b.Written.ToArray();
        b.Dispose();
        return bytes;
    }

    private static byte[] Wrap(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data, bool aggregated, double sampleRate)
    {
        var b = new Utf8Builder(data.Length + 128);
        b.Add("{\"type\":\""u8);
        b.Add(type);
        b.Add((byte)'"');
        WriteMarks(ref b, aggregated, sampleRate);
        b.Add(",\"data\":"u8);
        b.Add(data);
        b.Add((byte)'}');
        var bytes = b.Written.ToArray();
        b.Dispose();
        return bytes;
    }
}
