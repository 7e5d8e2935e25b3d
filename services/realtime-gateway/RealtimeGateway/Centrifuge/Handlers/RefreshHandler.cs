using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Centrifuge.Sessions;

namespace Millrace.RealtimeGateway.Centrifuge.Handlers;

/// <summary><c>refresh</c>: a new token for the connection, of the same user.</summary>
internal sealed class RefreshHandler : ICommandHandler
{
    public CommandMethod Method => CommandMethod.Refresh;

    public async ValueTask<bool> HandleAsync(Session session, Command command, CancellationToken cancellationToken)
    {
        if (command.Token.Length == 0) return session.Fail(Disconnect.BadRequest);
        var services = session.Services;
        var verdict = await services.Authenticator.AuthenticateAsync(command.Token, cancellationToken);
        if (verdict.Outcome == AuthenticationOutcome.Expired)
        {
            session.Answer(command, ClientError.TokenExpired);
            return true;
        }

        var known = session.Caller!;
        if (verdict.Caller is not { } caller || SubscriptionToken.Is(verdict) || caller.Tenant != known.Tenant || caller.Subject != known.Subject)
        {
            services.Refusals.Record(session.Start.Origin, known.Tenant, known.Subject, "invalid");
            return session.Fail(Disconnect.InvalidToken);
        }

        if (!caller.Has(Scopes.Read)) return session.Fail(Disconnect.PermissionDenied);
        session.Accept(command.Token, verdict);
        using (var to = session.BeginReply(command, Fields.Reply.Refresh))
        {
            session.WriteIdentity(to);
            session.Answer(command, to);
        }

        foreach (var (name, subscription) in session.Subscriptions.ToArray())
        {
            if (!subscription.ByToken && !session.Grants!.MayListen(subscription.Inner.Channel.Name)) session.EndByServer(name, Unsubscribes.Server, "permission denied");
        }

        return true;
    }
}
