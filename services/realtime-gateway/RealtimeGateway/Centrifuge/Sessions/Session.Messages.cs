using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.WebSockets;

namespace Millrace.RealtimeGateway.Centrifuge.Sessions;

internal sealed partial class Session
{
    private static readonly Frame ControlPing = Frame.Control(WebSocketOpcode.Ping, []);
    private static readonly Frame?[] Pings = new Frame?[Wire.All.Count];

    /// <summary>The server's ping: an empty message.</summary>
    private Frame Ping
    {
        get
        {
            if (Pings[Connection.Wire.Index] is { } known) return known;
            using var to = Format.Begin(16);
            return Pings[Connection.Wire.Index] = Connection.Wire.Framing.Wrap(to.Finish());
        }
    }

    /// <summary>Begins the reply to a command; hand it to <see cref="Answer(Command, MessageWriter)"/>, or make a frame of it.</summary>
    public MessageWriter BeginReply(Command command, Field result)
    {
        var to = Format.Begin();
        to.Number(Fields.Reply.Id, command.Id);
        to.Begin(result);
        return to;
    }

    /// <summary>Begins a push; hand it to <see cref="Push"/>, or make a frame of it with <see cref="EndPush"/>.</summary>
    public MessageWriter BeginPush(string channel, Field what)
    {
        var to = Format.Begin();
        if (Connection.Wire.Form == MessageForm.Replies) to.Begin(Fields.Reply.Push);
        to.Text(Fields.Push.Channel, channel);
        to.Begin(what);
        return to;
    }

    /// <summary>The finished reply.</summary>
    public Frame EndReply(MessageWriter reply)
    {
        reply.End();
        return Connection.Wire.Framing.Wrap(reply.Finish());
    }

    /// <summary>The finished push.</summary>
    public Frame EndPush(MessageWriter push)
    {
        if (Connection.Wire.Form == MessageForm.Replies) push.End();
        return EndReply(push);
    }

    /// <summary>Answers a command.</summary>
    public void Answer(Command command, MessageWriter reply)
    {
        Services.Metrics.Command(CommandNames.Of(command.Method), 0);
        Connection.Send(EndReply(reply));
    }

    /// <summary>Answers a command with nothing but that it was done.</summary>
    public void AnswerEmpty(Command command, Field result)
    {
        using var reply = BeginReply(command, result);
        Answer(command, reply);
    }

    /// <summary>Answers a command that failed.</summary>
    public void Answer(Command command, ClientError error)
    {
        Services.Metrics.Command(CommandNames.Of(command.Method), error.Code);
        using var reply = BeginReply(command, Fields.Reply.Error);
        reply.Number(Fields.Error.Code, error.Code);
        reply.Text(Fields.Error.Message, error.Message);
        reply.Flag(Fields.Error.Temporary, error.Temporary);
        Connection.Send(EndReply(reply));
    }

    /// <summary>Sends a push.</summary>
    public void Push(MessageWriter push) => Connection.Send(EndPush(push));

    /// <summary>The last message of a transport that has no close frame: why it ends.</summary>
    public Frame DisconnectPush(Disconnect disconnect)
    {
        using var push = BeginPush("", Fields.Push.Disconnect);
        push.Number(Fields.Disconnect.Code, disconnect.Code);
        push.Text(Fields.Disconnect.Reason, disconnect.Reason);
        push.Flag(Fields.Disconnect.Reconnect, disconnect.Reconnects);
        return EndPush(push);
    }
}
