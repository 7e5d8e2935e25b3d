using System.Text.Json;
using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Centrifuge.Sessions;

/// <summary>
/// Subscriptions that a connection begins with: those of the token's claim <c>subs</c> (<c>{"channel":{"info":…}}</c>), and for a client that cannot ask later
/// those of its connect request.
/// </summary>
internal static class ServerSubscriptions
{
    /// <summary>Name of the claim.</summary>
    public const string Claim = "subs";

    /// <summary>Which ones, with the client's positions in them.</summary>
    /// <returns><see langword="null"/> when the claim makes no sense.</returns>
    public static IReadOnlyList<(Command Command, byte[] Info)>? Of(Session session, Command connect)
    {
        var all = new Dictionary<string, (Command Command, byte[] Info)>(StringComparer.Ordinal);
        if (session.Start.OneWay)
        {
            foreach (var sub in connect.Subs) all[sub.Channel] = (sub, []);
        }

        if (session.Grants!.Claims?.TryGetValue(Claim, out var json) != true) return [.. all.Values];
        try
        {
            using var document = JsonDocument.Parse(json!);
            foreach (var entry in document.RootElement.EnumerateObject())
            {
                var command = connect.Subs.FirstOrDefault(s => s.Channel == entry.Name) ?? new Command { Method = CommandMethod.Subscribe, Channel = entry.Name };
                all[entry.Name] = (command, entry.Value.TryGetProperty("info", out var info) ? JsonSerializer.SerializeToUtf8Bytes(info) : []);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not an object of objects.
            return null;
        }

        return [.. all.Values];
    }

    /// <summary>Begins one. Its reply is part of the connect reply.</summary>
    /// <exception cref="TimeoutException">The log cannot be read at the moment.</exception>
    public static async ValueTask<(Channel Channel, SubscribeOutcome Outcome)> BeginAsync(
        Session session, ChannelName name, Command command, byte[] info, SubscribeReply reply, CancellationToken cancellationToken)
    {
        (Channel Channel, SubscribeOutcome Outcome) result = default;
        var subscription = await session.Services.Subscriptions.SubscribeAsync(
            session.Connection,
            name,
            new SubscriptionWish(DeliveryMode.Every) { ChanInfo = info.Length > 0 ? info : null },
            new RecoveryRequest(command.Recover, command.Epoch, command.Offset),
            (channel, outcome) =>
            {
                result = (channel, outcome);
                return reply(channel, outcome);
            },
            cancellationToken);
        session.Keep(name.Text, new SessionSubscription(subscription, serverSide: true) { Info = info });
        return result;
    }
}
