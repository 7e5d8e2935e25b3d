using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Sessions;

namespace Millrace.RealtimeGateway.Centrifuge.Handlers;

/// <summary><c>send</c>: a message that expects no reply. Nothing here takes any, and saying nothing would hide that.</summary>
internal sealed class SendHandler : ICommandHandler
{
    public CommandMethod Method => CommandMethod.Send;

    public ValueTask<bool> HandleAsync(Session session, Command command, CancellationToken cancellationToken) =>
        ValueTask.FromResult(session.Fail(Disconnect.NotAvailable));
}
