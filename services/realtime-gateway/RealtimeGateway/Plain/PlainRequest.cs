using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Http;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Plain;

/// <summary>What <c>GET /ws</c> and <c>GET /sse</c> ask for.</summary>
/// <param name="Channel">The channel behind stream and mode.</param>
/// <param name="Mode">How it is delivered.</param>
/// <param name="Type">Only this type.</param>
/// <param name="Since">Where a client goes on that was here before.</param>
/// <param name="Credential">As it came.</param>
/// <param name="Caller">Whose it is.</param>
internal sealed record PlainRequest(
    ChannelName Channel, DeliveryMode Mode, string? Type, RecoveryRequest Since, string Credential, Caller Caller)
{
    /// <summary>How what is like the message before is sent.</summary>
    public DeltaKind Delta { get; private init; }

    /// <summary>What is wanted of the channel.</summary>
    public SubscriptionWish Wish => new(Mode, Type, Delta);

    /// <summary>Reads and checks a request that passed the scope guard; what cannot be served has been answered.</summary>
    public static async ValueTask<PlainRequest?> ReadAsync(
        HttpContext context, ICallerAuthenticator authenticator, string? lastEventId, bool takesDeltas)
    {
        var caller = context.GetCaller();
        if (!TryRead(context.Request.Query, caller.Tenant, lastEventId, out var asked, out var problem)) return await RefuseAsync(context, ErrorCodes.BadRequest, problem);
        var delta = context.Request.Query["delta"].ToString();
        if (delta.Length > 0 && !(takesDeltas && delta == "merge-patch")) return await RefuseAsync(context, ErrorCodes.BadRequest, "?delta= is merge-patch, on /ws only.");
        var credential = Credentials.Read(context.Request)!;
        var verdict = await authenticator.AuthenticateAsync(credential, context.RequestAborted);
        if (verdict.Outcome != AuthenticationOutcome.Accepted || !ChannelGrants.Of(verdict).Allows(asked.Channel))
            return await RefuseAsync(context, ErrorCodes.Forbidden, $"The credential does not allow the channel {asked.Channel.Text}.");
        return new PlainRequest(asked.Channel, asked.Mode, asked.Type, asked.Since, credential, caller) { Delta = delta.Length > 0 ? DeltaKind.MergePatch : DeltaKind.None };
    }

    /// <summary>Reads what is asked for.</summary>
    /// <param name="query">The query string.</param>
    /// <param name="tenant">The caller's.</param>
    /// <param name="lastEventId">Position to go on from, where it came in a header.</param>
    /// <param name="asked">What is asked for.</param>
    /// <param name="problem">Else what is wrong.</param>
    internal static bool TryRead(
        IQueryCollection query, string tenant, string? lastEventId, out (ChannelName Channel, DeliveryMode Mode, string? Type, RecoveryRequest Since) asked, out string problem)
    {
        asked = default;
        var stream = query["stream"].ToString();
        var mode = query["mode"].ToString() is { Length: > 0 } m ? m : "deltas";
        problem = "?mode= is deltas, aggregated, full or alerts.";
        if (mode is not ("deltas" or "aggregated" or "full" or "alerts")) return false;
        problem = "?stream= must name a stream: [a-z0-9][a-z0-9._-]{0,63}.";
        if (mode != "alerts" && !ChannelName.IsStream(stream)) return false;
        var since = default(RecoveryRequest);
        problem = "The position to go on from must be epoch:offset, as in a message's id.";
        if ((lastEventId ?? query["since"].ToString()) is { Length: > 0 } position && !TryParsePosition(position, out since)) return false;
        problem = "";
        var channel = mode switch
        {
            "full" => ChannelName.Events(tenant, stream),
            "alerts" => ChannelName.Alerts(tenant),
            _ => ChannelName.Metrics(tenant, stream),
        };
        var type = query["type"].ToString();
        asked = (channel, mode == "aggregated" ? DeliveryMode.Aggregated : DeliveryMode.Every, type.Length == 0 ? null : type, since);
        return true;
    }

    /// <summary>The first message: what was missed, or a snapshot.</summary>
    public Frame First(Wire wire, Channel channel, SubscribeOutcome outcome)
    {
        if (outcome.Snapshot is { } snapshot) return channel.Messages.Snapshot(wire, snapshot, outcome.Offset, Mode == DeliveryMode.Aggregated);
        // Several messages in one piece: nothing may come between them.
        var frames = outcome.Missed.Select(p => channel.Messages.Publication(wire, p).Bytes).ToList();
        var bytes = new byte[frames.Sum(f => f.Length)];
        var at = 0;
        foreach (var frame in frames)
        {
            frame.CopyTo(bytes.AsMemory(at));
            at += frame.Length;
        }

        return new Frame(bytes, 0, Joining.None);
    }

    private static bool TryParsePosition(string text, [NotNullWhen(true)] out RecoveryRequest since)
    {
        since = default;
        var colon = text.LastIndexOf(':');
        if (colon < 0 || !long.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)) return false;
        since = new RecoveryRequest(Wanted: true, text[..colon], offset);
        return true;
    }

    private static async ValueTask<PlainRequest?> RefuseAsync(HttpContext context, ErrorCode error, string detail)
    {
        await Problems.WriteAsync(context, error, detail);
        return null;
    }
}
