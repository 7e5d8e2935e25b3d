using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Sessions;

namespace Millrace.RealtimeGateway.Centrifuge.Handlers;

/// <summary><c>rpc</c>: remote calls by method.</summary>
internal sealed class RpcHandler : ICommandHandler
{
    public CommandMethod Method => CommandMethod.Rpc;

    public ValueTask<bool> HandleAsync(Session session, Command command, CancellationToken cancellationToken)
    {
        session.Answer(command, ClientError.MethodNotFound);
        return ValueTask.FromResult(true);
    }
}
