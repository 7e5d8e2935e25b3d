using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Centrifuge.Handlers;

/// <summary>How a subscription begins, as the client is told.</summary>
internal static class SubscribeResult
{
    /// <summary>Writes the result.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="command">What the client asked for.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="outcome">What it gets.</param>
    /// <param name="takesDeltas">Whether it takes deltas.</param>
    public static void Write(MessageWriter to, Command command, Channel channel, SubscribeOutcome outcome, bool takesDeltas = false)
    {
        to.Flag(Fields.Subscribe.Recoverable, channel.Namespace.Recovery);
        to.Flag(Fields.Subscribe.Positioned, channel.Namespace.Recovery);
        to.Text(Fields.Subscribe.Epoch, outcome.Epoch);
        // With publications the client starts where it was and moves on through them.
        to.Number(Fields.Subscribe.Offset, outcome.Missed.Count > 0 ? command.Offset : outcome.Offset, always: true);
        to.Flag(Fields.Subscribe.WasRecovering, command.Recover);
        to.Flag(Fields.Subscribe.Recovered, outcome.Recovered);
        to.Flag(Fields.Subscribe.Delta, takesDeltas);
        if (outcome.Missed.Count > 0) WritePublications(to, Fields.Subscribe.Publications, channel, outcome.Missed, takesDeltas);
        if (outcome.Snapshot is not null) to.Data(Fields.Subscribe.Data, ChannelMessages.Wrapped(outcome.Snapshot));
    }

    /// <summary>Writes publications.</summary>
    public static void WritePublications(MessageWriter to, Field field, Channel channel, IReadOnlyList<Publication> publications, bool asChain = false)
    {
        to.BeginList(field);
        if (asChain) channel.Messages.WriteChain(to, field, publications);
        foreach (var publication in asChain ? [] : publications)
        {
            to.BeginItem(field);
            channel.Messages.Write(to, publication);
            to.End();
        }

        to.EndList();
    }
}
