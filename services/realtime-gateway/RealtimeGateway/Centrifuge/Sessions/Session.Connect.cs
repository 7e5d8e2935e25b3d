using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Centrifuge.Sessions;

internal sealed partial class Session
{
    /// <summary>Time that the caller's credential still has, in seconds; <see langword="null"/> when it does not end.</summary>
    public int? SecondsLeft => SecondsUntil(Caller!.ExpiresAt);

    /// <summary>Checks the credential of a connect command, or that of the request that opened the connection.</summary>
    public async ValueTask<(string Credential, AuthenticationVerdict Verdict)> AuthenticateAsync(Command command, CancellationToken cancellationToken) =>
        command.Token.Length > 0
            ? (command.Token, await Services.Authenticator.AuthenticateAsync(command.Token, cancellationToken))
            : Start.Upgrade ?? ("", new AuthenticationVerdict(AuthenticationOutcome.Missing, null));

    /// <summary>Lets the client in, or lets it go on with another credential.</summary>
    public void Accept(string credential, in AuthenticationVerdict verdict)
    {
        Grants = ChannelGrants.Of(verdict);
        _credential = System.Text.Encoding.UTF8.GetBytes(credential);
        _watch.Set(credential, Caller!, Services.Time.GetUtcNow());
    }

    /// <summary>Counts the connection as its tenant's and its user's.</summary>
    /// <returns><see langword="false"/> when one of them has as many as it may.</returns>
    public bool TryEnter()
    {
        Since = Services.Time.GetUtcNow();
        return Connection.TryEnter(new ConnectionIdentity(Client, Caller!.Tenant, Caller.Subject, Since), Services.Metrics.Tenants, Services.Hub.Counts);
    }

    /// <summary>The connect command has been answered.</summary>
    public void Begin()
    {
        Volatile.Write(ref _connectBeforeMs, long.MaxValue);
        _services.Directory.Add(this);
        Log.Opened(Services.Logger, Connection.Kind, Caller!.Subject, Caller.Tenant);
        _pings.Start(Connection.Shard.NowMs, Services.Options.PingInterval);
    }

    /// <summary>The client was told to come back with another token: it closes when it has read that.</summary>
    public void AwaitClose()
    {
        _refused = true;
        Volatile.Write(ref _connectBeforeMs, Connection.Shard.NowMs + (long)Services.Options.CloseTimeout.TotalMilliseconds);
    }

    /// <summary>Whether the client was told to come back with another token.</summary>
    public bool IsRefused => _refused;

    /// <summary>Writes who the client is and how long its credential holds: the first fields of connect and refresh.</summary>
    public void WriteIdentity(MessageWriter to)
    {
        to.Text(Fields.Connect.Client, Client);
        to.Text(Fields.Connect.Version, ServerVersion);
        if (SecondsLeft is not { } ttl) return;
        var pushed = Connection.Wire.Form == MessageForm.Pushes;
        to.Flag(pushed ? Fields.Connect.Pushed.Expires : Fields.Connect.Expires, true);
        to.Number(pushed ? Fields.Connect.Pushed.Ttl : Fields.Connect.Ttl, ttl);
    }

    /// <summary>Seconds until a time, at least one.</summary>
    public int? SecondsUntil(DateTimeOffset? end) =>
        end is { } e ? (int)Math.Clamp((e - Services.Time.GetUtcNow()).TotalSeconds, 1, int.MaxValue) : null;
}
