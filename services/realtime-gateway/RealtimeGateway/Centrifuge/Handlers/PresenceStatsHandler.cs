using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Centrifuge.Sessions;
using Millrace.RealtimeGateway.Presence;

namespace Millrace.RealtimeGateway.Centrifuge.Handlers;

/// <summary><c>presence_stats</c>: how many listen to a channel, at whatever gateway.</summary>
internal sealed class PresenceStatsHandler(PresenceReader presence) : ICommandHandler
{
    public CommandMethod Method => CommandMethod.PresenceStats;

    public async ValueTask<bool> HandleAsync(Session session, Command command, CancellationToken cancellationToken)
    {
        var (error, clients) = await PresenceHandler.AskAsync(presence, session, command, cancellationToken);
        if (error is not null)
        {
            session.Answer(command, error);
            return true;
        }

        using var to = session.BeginReply(command, Fields.Reply.PresenceStats);
        to.Number(Fields.Presence.NumClients, clients.Count, always: true);
        to.Number(Fields.Presence.NumUsers, PresenceReader.Users(clients), always: true);
        session.Answer(command, to);
        return true;
    }
}
