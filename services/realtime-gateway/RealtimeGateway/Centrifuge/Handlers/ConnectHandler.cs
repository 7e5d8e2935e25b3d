using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Centrifuge.Sessions;
using Millrace.RealtimeGateway.Channels;
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
        var origin = session.Start.Origin;
        var (credential, verdict) = await session.AuthenticateAsync(command, cancellationToken);
        // A token for one channel opens no connection.
        if (SubscriptionToken.Is(verdict)) verdict = new AuthenticationVerdict(AuthenticationOutcome.Invalid, null);
        switch (verdict)
        {
            case { Outcome: AuthenticationOutcome.Accepted, Caller: { } caller } when caller.Has(Scopes.Read):
                session.Accept(credential, verdict);
                if (!session.TryEnter())
                {
                    services.Metrics.Refused("owner_limit");
                    return session.Fail(Disconnect.ConnectionLimit);
                }

                if (await BeginSubscriptionsAsync(session, command, cancellationToken) is not { } subscriptions) return false;
                session.Begin();
                Answer(session, command, subscriptions);
                return true;
            case { Outcome: AuthenticationOutcome.Accepted, Caller: { } caller }:
                services.Refusals.Record(origin, caller.Tenant, caller.Subject, "forbidden");
                return session.Fail(Disconnect.PermissionDenied);
            case { Outcome: AuthenticationOutcome.Expired }:
                services.Refusals.Record(origin, null, null, "expired");
                if (session.Connection.Wire.Form == MessageForm.Pushes) return session.Fail(Disconnect.Expired);
                session.Answer(command, ClientError.TokenExpired);
                session.AwaitClose();
                return false;
            default:
                services.Refusals.Record(origin, null, null, verdict.Outcome == AuthenticationOutcome.Missing ? "missing" : "invalid");
                return session.Fail(Disconnect.InvalidToken);
        }
    }

    private static async ValueTask<IReadOnlyList<Begun>?> BeginSubscriptionsAsync(Session session, Command command, CancellationToken cancellationToken)
    {
        var wanted = ServerSubscriptions.Of(session, command);
        if (wanted is null || wanted.Count > session.Services.Options.Channels)
        {
            session.Fail(wanted is null ? Disconnect.InvalidToken : Disconnect.ChannelLimit);
            return null;
        }

        if (wanted.Count == 0) return [];
        // The reply with the positions must be read before what comes after them.
        session.Connection.Shard.Post(new Work(WorkKind.Hold, session.Connection));
        var begun = new List<Begun>(wanted.Count);
        try
        {
            foreach (var (sub, info) in wanted)
            {
                var name = session.Parse(sub.Channel);
                if (session.Check(name) is not null)
                {
                    session.Fail(Disconnect.PermissionDenied);
                    return null;
                }

                var (channel, outcome) = await ServerSubscriptions.BeginAsync(session, name, sub, info, static (_, _) => null, cancellationToken);
                begun.Add(new Begun(sub, channel, outcome));
            }
        }
        catch (TimeoutException)
        {
            session.Fail(Disconnect.ServerError);
            return null;
        }

        return begun;
    }

    private static void Answer(Session session, Command command, IReadOnlyList<Begun> subscriptions)
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

        if (subscriptions.Count > 0)
        {
            var field = pushed ? Fields.Connect.Pushed.Subs : Fields.Connect.Subs;
            to.BeginMap(field);
            foreach (var (sub, channel, outcome) in subscriptions)
            {
                to.BeginEntry(field, sub.Channel);
                SubscribeResult.Write(to, sub, channel, outcome);
                to.EndEntry();
            }

            to.EndMap();
        }

        session.Services.Metrics.Command(CommandNames.Of(CommandMethod.Connect), 0);
        var frame = pushed ? session.EndPush(to) : session.EndReply(to);
        if (subscriptions.Count == 0) session.Connection.Send(frame);
        else session.Connection.Shard.Post(new Work(WorkKind.Release, session.Connection, frame));
    }

    private sealed record Begun(Command Command, Channel Channel, SubscribeOutcome Outcome);
}
