using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Centrifuge.Sessions;

internal sealed partial class Session
{
    // Those that end by themselves; read by the shard's ticks.
    private SessionSubscription[] _ending = [];

    /// <summary>Why a channel is not open to the client, if it is not.</summary>
    public ClientError? Check(ChannelName name) => Check(name, Grants!.MayListen(name));

    /// <summary>Why what was in a channel is not open to the client, if it is not.</summary>
    public ClientError? CheckHistory(ChannelName name) => Check(name, Grants!.MayReadHistory(name));

    /// <summary>
    /// Why the client may not ask who is in a channel, if it may not. One that was opened to it by a token for that channel or by a backend is beyond the
    /// connection's token; one that it listens to otherwise is asked for by leave of the claim <c>caps</c>, if there is one.
    /// </summary>
    public ClientError? CheckPresence(ChannelName name)
    {
        if (!_subscriptions.TryGetValue(name.Text, out var subscription)) return Check(name, Grants!.MayReadPresence(name));
        return subscription.ByToken || Grants!.MaySeePresence(name) ? null : ClientError.PermissionDenied;
    }

    /// <summary>Why a channel is not open to the client whatever a token for it says, if it is not.</summary>
    public ClientError? CheckOwner(ChannelName name) => Check(name, Grants!.IsWithinOwner(name));

    /// <summary>A channel's name as this client means it.</summary>
    public ChannelName Parse(string channel) => Services.Namespaces.Parse(channel, Caller!.Tenant);

    /// <summary>Keeps a subscription that has begun.</summary>
    public void Keep(string channel, SessionSubscription subscription)
    {
        _subscriptions.Add(channel, subscription);
        NoteEndings();
    }

    /// <summary>Takes a subscription out, without ending it.</summary>
    public bool Take(string channel, out SessionSubscription? subscription)
    {
        if (!_subscriptions.Remove(channel, out subscription)) return false;
        NoteEndings();
        return true;
    }

    /// <summary>A subscription ends at another time than it did.</summary>
    public void NoteEndings() => Volatile.Write(ref _ending, Ending());

    private SessionSubscription[] Ending()
    {
        List<SessionSubscription>? ending = null;
        foreach (var (_, subscription) in _subscriptions)
        {
            if (subscription.EndsMs != long.MaxValue) (ending ??= []).Add(subscription);
        }

        return ending is null ? [] : [.. ending];
    }

    /// <summary>Ends a subscription; the message goes out after the channel's last one.</summary>
    public static void End(SessionSubscription subscription, Frame? message) => subscription.Inner.Channel.Unsubscribe(subscription.Inner, message);

    /// <summary>The server ends a subscription. Within a turn.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="code">2000-2499: for good; 2500-2999: the client subscribes again.</param>
    /// <param name="reason">For people.</param>
    /// <returns>Whether there was one.</returns>
    public bool EndByServer(string channel, int code, string reason)
    {
        if (!Take(channel, out var subscription)) return false;
        using var push = BeginPush(channel, Fields.Push.Unsubscribe);
        push.Number(Fields.Unsubscribe.Code, code);
        push.Text(Fields.Unsubscribe.Reason, reason);
        End(subscription!, EndPush(push));
        return true;
    }

    // What is not allowed is not even said to exist.
    private static ClientError? Check(ChannelName name, bool allowed) => !allowed ? ClientError.PermissionDenied : name.Exists ? null : ClientError.UnknownChannel;

    private void ExpireSubscriptions(long nowMs)
    {
        foreach (var subscription in Volatile.Read(ref _ending))
        {
            if (nowMs < subscription.EndsMs) continue;
            // The client's own timer should have refreshed it; it may subscribe again with a new token.
            subscription.EndsMs = long.MaxValue;
            var channel = subscription.Inner.Channel.Name.Text;
            _ = InTurnAsync(
                () =>
                {
                    if (_subscriptions.TryGetValue(channel, out var still) && ReferenceEquals(still, subscription))
                        EndByServer(channel, Unsubscribes.Expired, "subscription expired");
                    return ValueTask.CompletedTask;
                },
                CancellationToken.None).AsTask();
        }
    }
}

/// <summary>Codes of a server's unsubscribe: below 2500 for good, from there on the client subscribes again.</summary>
internal static class Unsubscribes
{
    /// <summary>The server ends it for good.</summary>
    public const int Server = 2000;

    /// <summary>Its position means nothing any more.</summary>
    public const int Insufficient = 2500;

    /// <summary>Its token has expired.</summary>
    public const int Expired = 2501;
}
