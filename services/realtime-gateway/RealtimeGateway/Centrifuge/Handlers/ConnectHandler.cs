using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Centrifuge.Sessions;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Centrifuge.Handlers;

/// <summary><c>connect</c>: who the client is.</summary>
internal sealed class ConnectHandler : ICommandHandler
{
    public CommandMethod Method => CommandMethod.Connect;

    public async ValueTask<bool> HandleAsync(Session session, Command command, CancellationToken cancellationToken)
    {
        if (session.IsRefused) return session.Fail(Disconnect.BadRequest);
        var services = session.Services;
        var context = session.Start.Context;
        var (credential, verdict) = await session.AuthenticateAsync(command, cancellationToken);
        switch (verdict)
        {
            case { Outcome: AuthenticationOutcome.Accepted, Caller: { } caller } when caller.Has(Scopes.Read):
                session.Accept(credential, verdict);
                Answer(session, command);
                session.Begin();
                return true;
            case { Outcome: AuthenticationOutcome.Accepted, Caller: { } caller }:
                services.Refusals.Record(context, caller.Tenant, caller.Subject, "forbidden");
                return session.Fail(Disconnect.PermissionDenied);
            case { Outcome: AuthenticationOutcome.Expired }:
                services.Refusals.Record(context, null, null, "expired");
                if (session.Connection.Wire.Form == MessageForm.Pushes) return session.Fail(Disconnect.Expired);
                session.Answer(command, ClientError.TokenExpired);
                session.AwaitClose();
                return false;
            default:
                services.Refusals.Record(context, null, null, verdict.Outcome == AuthenticationOutcome.Missing ? "missing" : "invalid");
                return session.Fail(Disconnect.InvalidToken);
        }
    }

    private static void Answer(Session session, Command command)
    {
        var pushed = session.Connection.Wire.Form == MessageForm.Pushes;
        using var to = pushed ? session.BeginPush("", Fields.Push.Connect) : session.BeginReply(command, Fields.Reply.Connect);
        session.WriteIdentity(to);
        if (!session.Start.ControlFramePings)
        {
            // Whole seconds are all the protocol has; a client waits some seconds longer anyway.
            to.Number(Fields.Connect.Ping, (long)Math.Max(1, Math.Ceiling(session.Services.Options.PingInterval.TotalSeconds)));
            to.Flag(Fields.Connect.Pong, session.Start.Pongs);
        }

        if (session.Secret is { } secret)
        {
            to.Text(Fields.Connect.Session, secret);
            to.Text(Fields.Connect.Node, session.Node);
        }

        if (pushed) session.Push(to);
        else session.Answer(command, to);
    }
}
