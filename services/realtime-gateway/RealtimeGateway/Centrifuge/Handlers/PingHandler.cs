using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Centrifuge.Sessions;

namespace Millrace.RealtimeGateway.Centrifuge.Handlers;

/// <summary><c>ping</c>: a client that pings by itself.</summary>
internal sealed class PingHandler : ICommandHandler
{
    public CommandMethod Method => CommandMethod.Ping;

    public ValueTask<bool> HandleAsync(Session session, Command command, CancellationToken cancellationToken)
    {
        session.AnswerEmpty(command, Fields.Reply.Ping);
        return ValueTask.FromResult(true);
    }
}
