using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Centrifuge.Sessions;

namespace Millrace.RealtimeGateway.Centrifuge.Handlers;

/// <summary><c>unsubscribe</c>.</summary>
internal sealed class UnsubscribeHandler : ICommandHandler
{
    public CommandMethod Method => CommandMethod.Unsubscribe;

    public ValueTask<bool> HandleAsync(Session session, Command command, CancellationToken cancellationToken)
    {
        if (command.Channel.Length == 0) return ValueTask.FromResult(session.Fail(Disconnect.BadRequest));
        if (session.Take(command.Channel, out var subscription))
        {
            session.Services.Metrics.Command(CommandNames.Of(Method), 0);
            using var reply = session.BeginReply(command, Fields.Reply.Unsubscribe);
            Session.End(subscription!, session.EndReply(reply));
        }
        else
        {
            session.AnswerEmpty(command, Fields.Reply.Unsubscribe);
        }

        return ValueTask.FromResult(true);
    }
}
