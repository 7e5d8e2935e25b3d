using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Centrifuge.Sessions;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Presence;

namespace Millrace.RealtimeGateway.Centrifuge.Handlers;

/// <summary><c>presence</c>: who listens to a channel, at whatever gateway.</summary>
internal sealed class PresenceHandler(PresenceReader presence) : ICommandHandler
{
    public CommandMethod Method => CommandMethod.Presence;

    public async ValueTask<bool> HandleAsync(Session session, Command command, CancellationToken cancellationToken)
    {
        var (error, clients) = await AskAsync(presence, session, command, cancellationToken);
        if (error is not null)
        {
            session.Answer(command, error);
            return true;
        }

        using var to = session.BeginReply(command, Fields.Reply.Presence);
        to.BeginMap(Fields.Presence.Entries);
        foreach (var client in clients)
        {
            to.BeginEntry(Fields.Presence.Entries, client.Client);
            ChannelMessages.WriteFields(to, client);
            to.EndEntry();
        }

        to.EndMap();
        session.Answer(command, to);
        return true;
    }

    /// <summary>Who listens, for a client that may ask and a namespace that tells.</summary>
    public static async ValueTask<(ClientError? Error, IReadOnlyList<ClientInfo> Clients)> AskAsync(
        PresenceReader presence, Session session, Command command, CancellationToken cancellationToken)
    {
        var name = session.Parse(command.Channel);
        if (session.CheckPresence(name) is { } error) return (error, []);
        if (!name.Namespace!.Presence) return (ClientError.NotAvailable, []);
        try
        {
            await presence.ReadyAsync(session.Services.Time, cancellationToken);
            return (null, presence.Of(name));
        }
        catch (TimeoutException)
        {
            return (ClientError.Internal, []);
        }
    }
}
