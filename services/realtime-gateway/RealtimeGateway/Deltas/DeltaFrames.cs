using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Deltas;

/// <summary>
/// A message for those who have another one already: encoded once for each wire and each document that somebody has. As a rule all have the one before; those who
/// filter, or came later, have others (ADR 16). Thread-safe.
/// </summary>
internal abstract class DeltaFrames
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(Wire Wire, byte[]? Base), Frame> _frames = [];

    /// <summary>What a client has when it has read this.</summary>
    public abstract byte[] Document { get; }

    /// <summary>The frame for those who have a document, told by its identity; <see langword="null"/> for none.</summary>
    public Frame For(Wire wire, byte[]? @base)
    {
        lock (_gate)
        {
            if (!_frames.TryGetValue((wire, @base), out var frame)) _frames.Add((wire, @base), frame = Make(wire, @base));
            return frame;
        }
    }

    /// <summary>Makes a frame.</summary>
    protected abstract Frame Make(Wire wire, byte[]? @base);
}

/// <summary>Fossil's deltas between the data of publications, for the Centrifuge protocol.</summary>
/// <param name="messages">The channel's messages.</param>
/// <param name="publication">What is published; <see langword="null"/> for a note.</param>
/// <param name="document">Its data, as clients see it.</param>
/// <param name="offset">Position after it.</param>
internal sealed class FossilFrames(ChannelMessages messages, Publication? publication, byte[] document, long offset) : DeltaFrames
{
    private readonly Dictionary<byte[], byte[]> _deltas = [];

    public override byte[] Document => document;

    protected override Frame Make(Wire wire, byte[]? @base)
    {
        if (@base is null) return messages.Chained(wire, publication, document, isDelta: false, offset);
        if (!_deltas.TryGetValue(@base, out var delta)) _deltas.Add(@base, delta = DeltaMaker.Make(@base, document));
        // Two documents may have nothing in common.
        return delta.Length < document.Length
            ? messages.Chained(wire, publication, delta, isDelta: true, offset)
            : messages.Chained(wire, publication, document, isDelta: false, offset);
    }
}

/// <summary>JSON merge patches between messages, for plain sockets.</summary>
/// <param name="document">The whole message.</param>
internal sealed class MergePatchFrames(byte[] document) : DeltaFrames
{
    public override byte[] Document => document;

    protected override Frame Make(Wire wire, byte[]? @base) => wire.Framing.Wrap(@base is null ? document : MergePatch.Make(@base, document));
}
