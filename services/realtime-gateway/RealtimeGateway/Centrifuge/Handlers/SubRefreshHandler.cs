using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Centrifuge.Sessions;

namespace Millrace.RealtimeGateway.Centrifuge.Handlers;

/// <summary><c>sub_refresh</c>: a new token for a subscription.</summary>
internal sealed class SubRefreshHandler : ICommandHandler
{
    public CommandMethod Method => CommandMethod.SubRefresh;

    public async ValueTask<bool> HandleAsync(Session session, Command command, CancellationToken cancellationToken)
    {
        if (command.Channel.Length == 0 || command.Token.Length == 0) return session.Fail(Disconnect.BadRequest);
        if (command.Type != 0)
        {
            session.Answer(command, ClientError.NotAvailable);
            return true;
        }

        if (!session.Subscriptions.TryGetValue(command.Channel, out var subscription) || !subscription.ByToken)
        {
            session.Answer(command, ClientError.PermissionDenied);
            return true;
        }

        var (token, error) = await SubscriptionToken.ReadAsync(session, command.Token, command.Channel, cancellationToken);
        if (token is null)
        {
            session.Answer(command, error!);
            return true;
        }

        token.ApplyTo(session, subscription);
        session.NoteEndings();
        using var reply = session.BeginReply(command, Fields.Reply.SubRefresh);
        if (session.SecondsUntil(token.EndsAt) is { } ttl)
        {
            reply.Flag(Fields.Refresh.Expires, true);
            reply.Number(Fields.Refresh.Ttl, ttl);
        }

        session.Answer(command, reply);
        return true;
    }
}
