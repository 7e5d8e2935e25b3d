using System.Globalization;
using System.Text.Json;
using Millrace.Hosting.Authentication;

namespace Millrace.RealtimeGateway.Centrifuge.Sessions;

/// <summary>
/// A token for one channel, signed like every other: claims <c>tenant</c>, <c>sub</c> (both those of the connection), <c>channel</c>, <c>exp</c>, and if wanted
/// <c>expire_at</c> (when the subscription ends: seconds since 1970, 0 for never; else at <c>exp</c>) and <c>info</c>.
/// </summary>
/// <param name="EndsAt">When the subscription ends; <see langword="null"/> for never.</param>
/// <param name="Info">Document about the client in the channel, as JSON; empty for none.</param>
internal sealed record SubscriptionToken(DateTimeOffset? EndsAt, byte[] Info)
{
    /// <summary>The claim that makes a token one of these. Such a token opens no connection.</summary>
    public const string ChannelClaim = "channel";

    /// <summary>Whether an accepted token is for a channel only.</summary>
    public static bool Is(in AuthenticationVerdict verdict) => verdict.Claims?.ContainsKey(ChannelClaim) == true;

    /// <summary>Checks a token for a channel of this client.</summary>
    public static async ValueTask<(SubscriptionToken? Token, ClientError? Error)> ReadAsync(
        Session session, string text, string channel, CancellationToken cancellationToken)
    {
        var verdict = await session.Services.Authenticator.AuthenticateAsync(text, cancellationToken);
        if (verdict.Outcome == AuthenticationOutcome.Expired) return (null, ClientError.TokenExpired);
        var known = session.Caller!;
        if (verdict is not { Caller: { } caller, Claims: { } claims } || caller.Tenant != known.Tenant || caller.Subject != known.Subject || !Names(claims, channel))
        {
            session.Services.Refusals.Record(session.Start.Origin, known.Tenant, known.Subject, "invalid");
            return (null, ClientError.PermissionDenied);
        }

        var ends = caller.ExpiresAt;
        if (claims.TryGetValue("expire_at", out var at))
        {
            if (!long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
                return (null, ClientError.PermissionDenied);
            ends = seconds == 0 ? null : DateTimeOffset.FromUnixTimeSeconds(seconds);
        }

        if (ends <= session.Services.Time.GetUtcNow()) return (null, ClientError.TokenExpired);
        return (new SubscriptionToken(ends, claims.TryGetValue("info", out var info) ? System.Text.Encoding.UTF8.GetBytes(info) : []), null);
    }

    /// <summary>Sets when a subscription ends: after what the token says and some grace.</summary>
    public void ApplyTo(Session session, SessionSubscription subscription)
    {
        var grace = session.Services.Options.ExpiryGrace;
        subscription.ByToken = true;
        subscription.Info = Info;
        subscription.EndsMs = EndsAt is { } end
            ? session.Connection.Shard.NowMs + (long)(end - session.Services.Time.GetUtcNow() + grace).TotalMilliseconds
            : long.MaxValue;
    }

    private static bool Names(IReadOnlyDictionary<string, string> claims, string channel)
    {
        if (!claims.TryGetValue(ChannelClaim, out var json)) return false;
        using var document = JsonDocument.Parse(json);
        return document.RootElement.ValueKind == JsonValueKind.String && document.RootElement.ValueEquals(channel);
    }
}
