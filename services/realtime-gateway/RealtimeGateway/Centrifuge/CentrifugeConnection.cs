using Microsoft.AspNetCore.Http;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.WebSockets;

namespace Millrace.RealtimeGateway.Centrifuge;

/// <summary>A client that speaks the Centrifuge client protocol in JSON over a WebSocket.</summary>
internal sealed partial class CentrifugeConnection : WebSocketConnection
{
    private static readonly string ServerVersion =
        typeof(CentrifugeConnection).Assembly.GetName().Version is { } v ? $"{v.Major}.{v.Minor}.{v.Build}" : "0.0.0";

    private readonly (string Credential, AuthenticationVerdict Verdict)? _upgrade;
    private readonly bool _controlFramePings;
    private readonly TokenBucket _commands;
    private readonly CredentialWatch _watch;
    private readonly Dictionary<string, Subscription> _subscriptions = new(StringComparer.Ordinal);
    private readonly string _client = Guid.NewGuid().ToString();
    private ChannelGrants? _grants;
    private long _connectBeforeMs;
    private volatile bool _refused;

    /// <summary>Makes a connection.</summary>
    /// <param name="context">The upgraded request.</param>
    /// <param name="stream">Its bytes.</param>
    /// <param name="transport">Writes to it.</param>
    /// <param name="services">What connections need.</param>
    /// <param name="upgrade">Credential of the upgrade request, accepted, if it had one.</param>
    /// <param name="controlFramePings">Whether the client asked for pings by control frames.</param>
    public CentrifugeConnection(
        HttpContext context,
        Stream stream,
        WebSocketTransport transport,
        ConnectionServices services,
        (string Credential, AuthenticationVerdict Verdict)? upgrade,
        bool controlFramePings)
        : base(Wire.Centrifuge, context, stream, transport, services)
    {
        _upgrade = upgrade;
        _controlFramePings = controlFramePings;
        _commands = new TokenBucket(services.Options.CommandsPerSecond, services.Options.CommandBurst, services.Time);
        _watch = new CredentialWatch(this, services.Authenticator, services.Options, services.Logger);
        _connectBeforeMs = Shard.NowMs + (long)services.Options.ConnectTimeout.TotalMilliseconds;
    }

    public override string Kind => "centrifuge";

    protected override bool PingsByControlFrame => _controlFramePings;

    protected override Frame PingFrame => Replies.Ping;

    public override void OnTick(long nowMs)
    {
        if (nowMs >= Volatile.Read(ref _connectBeforeMs))
        {
            Shard.Close(this, _refused ? Disconnect.ConnectionClosed : Disconnect.Stale);
            return;
        }

        base.OnTick(nowMs);
        _watch.Tick(nowMs);
    }

    protected override async ValueTask<bool> OnMessageAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        var commands = Parse(message.Span, out var wellFormed);
        foreach (var command in commands)
        {
            if (!await HandleAsync(command, cancellationToken)) return false;
        }

        if (!wellFormed) Close(Disconnect.BadRequest);
        return wellFormed;
    }

    protected override void EndSubscriptions()
    {
        foreach (var subscription in _subscriptions.Values) subscription.Channel.Unsubscribe(subscription, null);
        _subscriptions.Clear();
    }

    private static List<Command> Parse(ReadOnlySpan<byte> frame, out bool wellFormed)
    {
        var commands = new List<Command>();
        while (CommandReader.NextLine(ref frame, out var line))
        {
            wellFormed = CommandReader.TryRead(line, out var command);
            if (!wellFormed) return commands;
            commands.Add(command!);
        }

        wellFormed = commands.Count > 0;
        return commands;
    }

    private async ValueTask<bool> HandleAsync(Command command, CancellationToken cancellationToken)
    {
        if (!_commands.TryTake()) return Fail(Disconnect.TooManyRequests);
        if (command.Method == CommandMethod.Pong) return (command.Id == 0 && Ponged()) || Fail(Disconnect.BadRequest);
        if (command.Id == 0 && command.Method != CommandMethod.Send) return Fail(Disconnect.BadRequest);
        if (_grants is null != (command.Method == CommandMethod.Connect)) return Fail(Disconnect.BadRequest);
        switch (command.Method)
        {
            case CommandMethod.Connect: return await ConnectAsync(command, cancellationToken);
            case CommandMethod.Refresh: return await RefreshAsync(command, cancellationToken);
            case CommandMethod.Subscribe: await SubscribeAsync(command, cancellationToken); break;
            case CommandMethod.Unsubscribe: return Unsubscribe(command);
            case CommandMethod.History: await HistoryAsync(command, cancellationToken); break;
            case CommandMethod.Publish: Answer(command, Check(Parse(command.Channel)) ?? ClientError.PermissionDenied); break;
            case CommandMethod.Rpc: Answer(command, ClientError.MethodNotFound); break;
            case CommandMethod.Send: return Fail(Disconnect.NotAvailable);
            default: Answer(command, ClientError.NotAvailable); break;
        }

        return true;
    }

    private ChannelName Parse(string channel) => Services.Namespaces.Parse(channel, _grants!.Caller.Tenant);

    private void Answer(Command command, ClientError error)
    {
        Services.Metrics.Command(NameOf(command.Method), error.Code);
        Send(Replies.Error(command.Id, error));
    }

    private void Answer(Command command, Frame reply)
    {
        Services.Metrics.Command(NameOf(command.Method), 0);
        Send(reply);
    }

    private bool Fail(Disconnect disconnect)
    {
        Close(disconnect);
        return false;
    }

    private static string NameOf(CommandMethod method) => method switch
    {
        CommandMethod.Connect => "connect",
        CommandMethod.Subscribe => "subscribe",
        CommandMethod.Unsubscribe => "unsubscribe",
        CommandMethod.Publish => "publish",
        CommandMethod.Presence => "presence",
        CommandMethod.PresenceStats => "presence_stats",
        CommandMethod.History => "history",
        CommandMethod.Ping => "ping",
        CommandMethod.Send => "send",
        CommandMethod.Rpc => "rpc",
        CommandMethod.Refresh => "refresh",
        CommandMethod.SubRefresh => "sub_refresh",
        _ => "pong",
    };
}
