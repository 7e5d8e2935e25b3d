using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Centrifuge.Sessions;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Centrifuge.Handlers;

/// <summary><c>subscribe</c>: the reply carries what the client missed, or a snapshot.</summary>
internal sealed class SubscribeHandler : ICommandHandler
{
    private const string Fossil = "fossil";

    public CommandMethod Method => CommandMethod.Subscribe;

    public async ValueTask<bool> HandleAsync(Session session, Command command, CancellationToken cancellationToken)
    {
        var name = session.Parse(command.Channel);
        SubscriptionToken? token = null;
        var error = session.Subscriptions.ContainsKey(command.Channel) ? ClientError.AlreadySubscribed
            : session.Subscriptions.Count >= session.Services.Options.Channels ? ClientError.LimitExceeded
            : command.Channel.Length > ChannelName.MaxLength || command.Filter?.IsValid() == false ? ClientError.BadRequest
            : command.Type != 0 ? ClientError.NotAvailable
            : null;
        if (error is null && command.Token.Length > 0) (token, error) = await SubscriptionToken.ReadAsync(session, command.Token, command.Channel, cancellationToken);
        // A token for the channel stands for the permission to listen, within what is the tenant's.
        error ??= token is null ? session.Check(name) : session.CheckOwner(name);
        if (error is not null)
        {
            session.Answer(command, error);
            return true;
        }

        // A delta that is not known here is not agreed on, and neither is one in a channel without.
        var takesDeltas = command.Delta == Fossil && name.Namespace!.Delta;
        try
        {
            var subscription = await session.Services.Subscriptions.SubscribeAsync(
                session.Connection,
                name,
                new SubscriptionWish(DeliveryMode.Every, Delta: takesDeltas ? DeltaKind.Fossil : DeltaKind.None, Filter: command.Filter)
                {
                    JoinLeave = command.JoinLeave,
                    ChanInfo = token?.Info is { Length: > 0 } info ? info : null,
                },
                new RecoveryRequest(command.Recover, command.Epoch, command.Offset),
                (channel, outcome) => Reply(session, command, channel, outcome, token, takesDeltas),
                cancellationToken);
            var kept = new SessionSubscription(subscription, serverSide: false);
            token?.ApplyTo(session, kept);
            session.Keep(command.Channel, kept);
            session.Services.Metrics.Command(CommandNames.Of(Method), 0);
        }
        catch (TimeoutException)
        {
            session.Answer(command, ClientError.Internal);
        }

        return true;
    }

    private static Frame Reply(Session session, Command command, Channel channel, SubscribeOutcome outcome, SubscriptionToken? token, bool takesDeltas)
    {
        using var to = session.BeginReply(command, Fields.Reply.Subscribe);
        if (session.SecondsUntil(token?.EndsAt) is { } ttl)
        {
            to.Flag(Fields.Subscribe.Expires, true);
            to.Number(Fields.Subscribe.Ttl, ttl);
        }

        SubscribeResult.Write(to, command, channel, outcome, takesDeltas);
        return session.EndReply(to);
    }
}
