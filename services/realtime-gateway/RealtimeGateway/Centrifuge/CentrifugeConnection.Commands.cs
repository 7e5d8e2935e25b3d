using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Centrifuge;

internal sealed partial class CentrifugeConnection
{
    // "server unsubscribe" of the protocol: the client does not try again.
    private const int ServerUnsubscribe = 2000;

    private async ValueTask<bool> ConnectAsync(Command command, CancellationToken cancellationToken)
    {
        if (_refused) return Fail(Disconnect.BadRequest);
        var (credential, verdict) = command.Token.Length > 0
            ? (command.Token, await Services.Authenticator.AuthenticateAsync(command.Token, cancellationToken))
            : _upgrade ?? ("", new AuthenticationVerdict(AuthenticationOutcome.Missing, null));
        switch (verdict)
        {
            case { Outcome: AuthenticationOutcome.Accepted, Caller: { } caller } when caller.Has(Scopes.Read):
                _grants = ChannelGrants.Of(verdict);
                _watch.Set(credential, caller, Services.Time.GetUtcNow());
                Volatile.Write(ref _connectBeforeMs, long.MaxValue);
                Log.Opened(Services.Logger, Kind, caller.Subject, caller.Tenant);
                Answer(command, Replies.Connected(
                    command.Id, _client, ServerVersion, SecondsLeft(caller), _controlFramePings ? null : Services.Options.PingInterval));
                StartPings();
                return true;
            case { Outcome: AuthenticationOutcome.Accepted, Caller: { } caller }:
                Services.Refusals.Record(Context, caller.Tenant, caller.Subject, "forbidden");
                return Fail(Disconnect.PermissionDenied);
            case { Outcome: AuthenticationOutcome.Expired }:
                Services.Refusals.Record(Context, null, null, "expired");
                Answer(command, ClientError.TokenExpired);
                // The client closes when it has read that, and comes back with a new token.
                _refused = true;
                Volatile.Write(ref _connectBeforeMs, Shard.NowMs + (long)Services.Options.CloseTimeout.TotalMilliseconds);
                return false;
            default:
                Services.Refusals.Record(Context, null, null, verdict.Outcome == AuthenticationOutcome.Missing ? "missing" : "invalid");
                return Fail(Disconnect.InvalidToken);
        }
    }

    private async ValueTask<bool> RefreshAsync(Command command, CancellationToken cancellationToken)
    {
        if (command.Token.Length == 0) return Fail(Disconnect.BadRequest);
        var verdict = await Services.Authenticator.AuthenticateAsync(command.Token, cancellationToken);
        if (verdict.Outcome == AuthenticationOutcome.Expired)
        {
            Answer(command, ClientError.TokenExpired);
            return true;
        }

        var known = _grants!.Caller;
        if (verdict.Caller is not { } caller || caller.Tenant != known.Tenant || caller.Subject != known.Subject)
        {
            Services.Refusals.Record(Context, known.Tenant, known.Subject, "invalid");
            return Fail(Disconnect.InvalidToken);
        }

        if (!caller.Has(Scopes.Read)) return Fail(Disconnect.PermissionDenied);
        _grants = ChannelGrants.Of(verdict);
        _watch.Set(command.Token, caller, Services.Time.GetUtcNow());
        Answer(command, Replies.Refreshed(command.Id, _client, ServerVersion, SecondsLeft(caller)));
        foreach (var (name, subscription) in _subscriptions.Where(s => !_grants.MayListen(s.Value.Channel.Name)).ToArray())
        {
            _subscriptions.Remove(name);
            subscription.Channel.Unsubscribe(subscription, Replies.UnsubscribedByServer(name, ServerUnsubscribe, "permission denied"));
        }

        return true;
    }

    private async ValueTask SubscribeAsync(Command command, CancellationToken cancellationToken)
    {
        var name = Parse(command.Channel);
        var error = _subscriptions.ContainsKey(command.Channel) ? ClientError.AlreadySubscribed
            : _subscriptions.Count >= Services.Options.Channels ? ClientError.LimitExceeded
            : command.Channel.Length > ChannelName.MaxLength || command.HasFilter ? ClientError.BadRequest
            : command.Type != 0 ? ClientError.NotAvailable
            : Check(name);
        if (error is not null)
        {
            Answer(command, error);
            return;
        }

        try
        {
            var subscription = await Services.Subscriptions.SubscribeAsync(
                this,
                name,
                DeliveryMode.Every,
                null,
                new RecoveryRequest(command.Recover, command.Epoch, command.Offset),
                (channel, outcome) => Replies.Subscribed(command, channel, outcome),
                cancellationToken);
            _subscriptions.Add(command.Channel, subscription);
            Services.Metrics.Command(NameOf(command.Method), 0);
        }
        catch (TimeoutException)
        {
            Answer(command, ClientError.Internal);
        }
    }

    private bool Unsubscribe(Command command)
    {
        if (command.Channel.Length == 0) return Fail(Disconnect.BadRequest);
        var reply = Replies.Unsubscribed(command.Id);
        if (_subscriptions.Remove(command.Channel, out var subscription))
        {
            Services.Metrics.Command(NameOf(command.Method), 0);
            subscription.Channel.Unsubscribe(subscription, reply);
        }
        else
        {
            Answer(command, reply);
        }

        return true;
    }

    private async ValueTask HistoryAsync(Command command, CancellationToken cancellationToken)
    {
        var name = Parse(command.Channel);
        if (Check(name) is { } error)
        {
            Answer(command, error);
            return;
        }

        try
        {
            var channel = await Services.Subscriptions.OpenAsync(name, cancellationToken);
            var page = channel.History(command.HasSince ? (command.Epoch, command.Offset) : null, command.Limit, command.Reverse);
            if (page is null) Answer(command, ClientError.UnrecoverablePosition);
            else Answer(command, Replies.History(command.Id, channel, page));
        }
        catch (TimeoutException)
        {
            Answer(command, ClientError.Internal);
        }
    }

    private ClientError? Check(ChannelName name) =>
        !_grants!.MayListen(name) ? ClientError.PermissionDenied
        : !name.Exists ? ClientError.UnknownChannel
        : null;

    private int? SecondsLeft(Caller caller) =>
        caller.ExpiresAt is { } end ? (int)Math.Clamp((end - Services.Time.GetUtcNow()).TotalSeconds, 1, int.MaxValue) : null;
}
