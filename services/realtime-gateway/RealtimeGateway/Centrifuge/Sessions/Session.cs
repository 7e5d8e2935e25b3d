using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Centrifuge.Sessions;

/// <summary>
/// A client of the Centrifuge protocol, whatever its format and its transport: who it is, what it listens to, its commands one after the other.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore holds nothing while nobody asks for its handle; others may wait for a turn at the very end.")]
internal sealed partial class Session : IDescribesClient
{
    private static readonly string ServerVersion =
        typeof(Session).Assembly.GetName().Version is { } v ? $"{v.Major}.{v.Minor}.{v.Build}" : "0.0.0";

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly SessionServices _services;
    private readonly TokenBucket _commands;
    private readonly CredentialWatch _watch;
    private readonly Dictionary<string, SessionSubscription> _subscriptions = new(StringComparer.Ordinal);
    private PingClock _pings = new();
    private byte[] _credential = [];
    private long _connectBeforeMs;
    private volatile bool _refused;
    private volatile bool _over;

    /// <summary>Makes a session; its connection is not yet with a shard.</summary>
    public Session(Connection connection, SessionServices services, SessionStart start)
    {
        Connection = connection;
        connection.Describer = this;
        Start = start;
        _services = services;
        var options = Services.Options;
        _commands = new TokenBucket(options.CommandsPerSecond, options.CommandBurst, Services.Time);
        _watch = new CredentialWatch(connection, Services.Authenticator, options, Services.Logger);
        _connectBeforeMs = connection.Shard.NowMs + (long)options.ConnectTimeout.TotalMilliseconds;
        if (start.Emulated) Secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
    }

    public Connection Connection { get; }

    public SessionStart Start { get; }

    /// <summary>Public id of the connection.</summary>
    public string Client { get; } = Guid.NewGuid().ToString();

    /// <summary>What commands that come by other requests must name; <see langword="null"/> where they come by the connection itself.</summary>
    public string? Secret { get; }

    /// <summary>The session of the same user before this one. The directory's.</summary>
    public Session? PreviousOfUser { get; set; }

    /// <summary>The session of the same user after this one. The directory's.</summary>
    public Session? NextOfUser { get; set; }

    /// <summary>When it began.</summary>
    public DateTimeOffset Since { get; private set; }

    /// <summary>What it may; <see langword="null"/> before the connect command.</summary>
    public ChannelGrants? Grants { get; private set; }

    /// <summary>What it was let in with, for calls in its name.</summary>
    public string Credential => System.Text.Encoding.UTF8.GetString(_credential);

    /// <summary>Who it is; <see langword="null"/> before the connect command.</summary>
    public Caller? Caller => Grants?.Caller;

    /// <summary>What it listens to, by channel. Within a command, or <see cref="InTurnAsync"/>.</summary>
    public IReadOnlyDictionary<string, SessionSubscription> Subscriptions => _subscriptions;

    public ConnectionServices Services => _services.Connections;

    /// <summary>Name of this instance.</summary>
    public string Node => _services.Node;

    private MessageFormat Format => Connection.Wire.Format!;

    /// <summary>Takes what the client sent at once.</summary>
    /// <returns><see langword="false"/> when nothing more of it is to be read.</returns>
    public async ValueTask<bool> ReceiveAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        var commands = new List<Command>(1);
        var wellFormed = Format.TryRead(frame.Span, commands);
        await _turn.WaitAsync(cancellationToken);
        try
        {
            foreach (var command in commands)
            {
                if (_over || !await HandleAsync(command, cancellationToken)) return false;
            }
        }
        finally
        {
            _turn.Release();
        }

        return wellFormed || Fail(Disconnect.BadRequest);
    }

    /// <summary>Connects a client that can say nothing but what its request said.</summary>
    public async ValueTask ConnectAsync(Command command, CancellationToken cancellationToken)
    {
        command.Id = 1;
        command.Method = CommandMethod.Connect;
        await InTurnAsync(async () => { await HandleAsync(command, cancellationToken); }, cancellationToken);
    }

    /// <summary>Does something between the client's commands, for whoever acts on the session from outside. Without effect when it is over.</summary>
    public async ValueTask InTurnAsync(Func<ValueTask> work, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (!_over) await work();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Looks at the clock; called by the connection's shard.</summary>
    public void OnTick(long nowMs)
    {
        if (nowMs >= Volatile.Read(ref _connectBeforeMs))
        {
            Connection.Shard.Close(Connection, _refused ? Disconnect.ConnectionClosed : Disconnect.Stale);
            return;
        }

        if (_pings.Tick(Connection, nowMs, Services.Options, Start.Pongs))
            Connection.Shard.Enqueue(Connection, Start.ControlFramePings ? ControlPing : Ping);
        _watch.Tick(nowMs);
        ExpireSubscriptions(nowMs);
    }

    /// <summary>The client has answered a ping.</summary>
    /// <returns><see langword="false"/> when there was none to answer.</returns>
    public bool Ponged() => _pings.Ponged();

    /// <summary>The connection is over.</summary>
    public async ValueTask EndAsync()
    {
        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            _over = true;
            foreach (var (_, subscription) in _subscriptions) End(subscription, null);
            _subscriptions.Clear();
            _services.Directory.Remove(this);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends the connection.</summary>
    /// <returns>Always <see langword="false"/>, as a handler then answers.</returns>
    public bool Fail(Disconnect disconnect)
    {
        Connection.Close(disconnect);
        return false;
    }

    private async ValueTask<bool> HandleAsync(Command command, CancellationToken cancellationToken)
    {
        if (!_commands.TryTake()) return Fail(Disconnect.TooManyRequests);
        if (command.Method == CommandMethod.Pong) return (command.Id == 0 && Ponged()) || Fail(Disconnect.BadRequest);
        if (command.Id == 0 && command.Method != CommandMethod.Send) return Fail(Disconnect.BadRequest);
        if (Grants is null != (command.Method == CommandMethod.Connect)) return Fail(Disconnect.BadRequest);
        if (_services.Commands[command.Method] is { } handler) return await handler.HandleAsync(this, command, cancellationToken);
        Answer(command, ClientError.NotAvailable);
        return true;
    }
}
