using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Centrifuge.Sessions;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Publications;

namespace Millrace.RealtimeGateway.Centrifuge.Handlers;

/// <summary><c>publish</c>: data for a channel whose namespace lets this client publish; answered once it is durable.</summary>
internal sealed class PublishHandler(PublicationWriter writer) : ICommandHandler
{
    public CommandMethod Method => CommandMethod.Publish;

    public async ValueTask<bool> HandleAsync(Session session, Command command, CancellationToken cancellationToken)
    {
        var name = session.Parse(command.Channel);
        var error = !session.Grants!.Allows(name) ? ClientError.PermissionDenied
            : !name.Exists ? ClientError.UnknownChannel
            : !session.Grants.MayPublish(name) ? ClientError.PermissionDenied
            : null;
        byte[] data = [];
        if (error is null && (command.Data.Length > session.Services.Publications.MaxBytes || !PublicationData.TryClean(command.Data, out data)))
            error = ClientError.BadRequest;
        if (error is null) error = await PublishAsync(session, name, data, cancellationToken);
        if (error is null) session.AnswerEmpty(command, Fields.Reply.Publish);
        else session.Answer(command, error);
        return true;
    }

    private async Task<ClientError?> PublishAsync(Session session, ChannelName name, byte[] data, CancellationToken cancellationToken)
    {
        try
        {
            await writer.PublishAsync([name], new PublishRequest(data) { Info = session.InfoIn(name) }, cancellationToken);
            return null;
        }
        catch (Exception e) when (e is EventLogException or TimeoutException)
        {
            return ClientError.Internal;
        }
    }
}
