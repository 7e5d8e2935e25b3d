using Microsoft.Extensions.Logging;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Centrifuge;

namespace Millrace.RealtimeGateway.Fanout;

/// <summary>
/// Ends a standing connection when its credential does: a token some grace after its expiry unless a new one came, an API key soon after it was
/// revoked.
/// </summary>
internal sealed class CredentialWatch(Connection connection, ICallerAuthenticator authenticator, GatewayConnectionOptions options, ILogger logger)
{
    private readonly Lock _gate = new();
    private string? _credential;
    private long _endsMs = long.MaxValue;
    private long _checkMs = long.MaxValue;

    /// <summary>Watches this credential from now on.</summary>
    /// <param name="credential">The text.</param>
    /// <param name="caller">Whose it is.</param>
    /// <param name="now">Wall clock.</param>
    public void Set(string credential, Caller caller, DateTimeOffset now)
    {
        var nowMs = connection.Shard.NowMs;
        lock (_gate)
        {
            // Only a key is checked again: a token is good until it ends.
            _credential = caller.Kind == CredentialKind.ApiKey ? credential : null;
            _endsMs = caller.ExpiresAt is { } end ? nowMs + (long)(end - now + options.ExpiryGrace).TotalMilliseconds : long.MaxValue;
            _checkMs = caller.Kind == CredentialKind.ApiKey ? nowMs + (long)options.KeyCheckInterval.TotalMilliseconds : long.MaxValue;
        }
    }

    /// <summary>The credential watched holds until another time than it says.</summary>
    /// <param name="end">The time; <see langword="null"/> for as long as nobody revokes it.</param>
    /// <param name="now">Wall clock.</param>
    public void Prolong(DateTimeOffset? end, DateTimeOffset now)
    {
        var nowMs = connection.Shard.NowMs;
        lock (_gate) _endsMs = end is { } at ? nowMs + (long)(at - now + options.ExpiryGrace).TotalMilliseconds : long.MaxValue;
    }

    /// <summary>Looks at the clock; called by the connection's shard.</summary>
    public void Tick(long nowMs)
    {
        string? check = null;
        lock (_gate)
        {
            if (nowMs >= _endsMs)
            {
                connection.Shard.Close(connection, Disconnect.Expired);
                return;
            }

            if (nowMs >= _checkMs)
            {
                _checkMs = nowMs + (long)options.KeyCheckInterval.TotalMilliseconds;
                check = _credential;
            }
        }

        if (check is not null) _ = CheckAsync(check);
    }

    private async Task CheckAsync(string credential)
    {
        try
        {
            var verdict = await authenticator.AuthenticateAsync(credential, CancellationToken.None);
            if (verdict.Outcome != AuthenticationOutcome.Accepted || verdict.Caller?.Has(Scopes.Read) != true) connection.Close(Disconnect.InvalidToken);
        }
        catch (Exception e)
        {
            // Whoever was let in stays while the keys cannot be asked for; the next check will tell.
            Log.KeyCheckFailed(logger, connection.Kind, e);
        }
    }
}
