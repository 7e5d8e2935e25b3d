using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Sessions;

namespace Millrace.RealtimeGateway.Centrifuge.Handlers;

/// <summary><c>publish</c>: no client may publish into a channel that the pipeline feeds.</summary>
internal sealed class PublishHandler : ICommandHandler
{
    public CommandMethod Method => CommandMethod.Publish;

    public ValueTask<bool> HandleAsync(Session session, Command command, CancellationToken cancellationToken)
    {
        session.Answer(command, session.Check(session.Parse(command.Channel)) ?? ClientError.PermissionDenied);
        return ValueTask.FromResult(true);
    }
}
