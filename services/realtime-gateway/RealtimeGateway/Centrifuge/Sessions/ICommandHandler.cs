using Millrace.RealtimeGateway.Centrifuge.Commands;

namespace Millrace.RealtimeGateway.Centrifuge.Sessions;

/// <summary>What one command does. One for all sessions; the commands of a session come one after the other.</summary>
internal interface ICommandHandler
{
    /// <summary>Which command.</summary>
    CommandMethod Method { get; }

    /// <summary>Does it and answers.</summary>
    /// <returns><see langword="false"/> when nothing more of the client is to be read, because the connection ends.</returns>
    ValueTask<bool> HandleAsync(Session session, Command command, CancellationToken cancellationToken);
}

/// <summary>The handlers by method.</summary>
internal sealed class CommandTable
{
    private readonly ICommandHandler?[] _handlers = new ICommandHandler?[(int)CommandMethod.SubRefresh + 1];

    public CommandTable(IEnumerable<ICommandHandler> handlers)
    {
        foreach (var handler in handlers) _handlers[(int)handler.Method] = handler;
    }

    public ICommandHandler? this[CommandMethod method] => _handlers[(int)method];
}
