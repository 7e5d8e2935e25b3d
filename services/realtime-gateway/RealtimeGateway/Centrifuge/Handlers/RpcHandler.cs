using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Centrifuge.Rpc;
using Millrace.RealtimeGateway.Centrifuge.Sessions;

namespace Millrace.RealtimeGateway.Centrifuge.Handlers;

/// <summary><c>rpc</c>: remote calls by method.</summary>
internal sealed class RpcHandler(IEnumerable<IRpcMethod> methods) : ICommandHandler
{
    private readonly Dictionary<string, IRpcMethod> _methods = methods.ToDictionary(m => m.Name, StringComparer.Ordinal);

    public CommandMethod Method => CommandMethod.Rpc;

    public async ValueTask<bool> HandleAsync(Session session, Command command, CancellationToken cancellationToken)
    {
        var result = _methods.TryGetValue(command.RpcMethod, out var method) ? await method.CallAsync(session, command.Data, cancellationToken) : ClientError.MethodNotFound;
        if (result.Error is { } error)
        {
            session.Answer(command, error);
            return true;
        }

        using var reply = session.BeginReply(command, Fields.Reply.Rpc);
        reply.Data(Fields.Data.Value, result.Data);
        session.Answer(command, reply);
        return true;
    }
}
