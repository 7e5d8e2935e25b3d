using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Centrifuge.Sessions;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Centrifuge.Handlers;

/// <summary><c>history</c>: a page of what was in a channel.</summary>
internal sealed class HistoryHandler : ICommandHandler
{
    public CommandMethod Method => CommandMethod.History;

    public async ValueTask<bool> HandleAsync(Session session, Command command, CancellationToken cancellationToken)
    {
        var name = session.Parse(command.Channel);
        if (session.CheckHistory(name) is { } error)
        {
            session.Answer(command, error);
            return true;
        }

        try
        {
            var (channel, page) = await session.Services.Subscriptions.HistoryAsync(
                name, command.HasSince ? (command.Epoch, command.Offset) : null, command.Limit, command.Reverse, cancellationToken);
            if (page is null) session.Answer(command, ClientError.UnrecoverablePosition);
            else Answer(session, command, channel, page);
        }
        catch (TimeoutException)
        {
            session.Answer(command, ClientError.Internal);
        }

        return true;
    }

    private static void Answer(Session session, Command command, Channel channel, HistoryPage page)
    {
        using var to = session.BeginReply(command, Fields.Reply.History);
        to.Text(Fields.History.Epoch, page.Epoch);
        to.Number(Fields.History.Offset, page.Offset, always: true);
        SubscribeResult.WritePublications(to, Fields.History.Publications, channel, page.Publications);
        session.Answer(command, to);
    }
}
