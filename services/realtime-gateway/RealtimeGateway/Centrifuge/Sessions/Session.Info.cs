using System.Text;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Centrifuge.Sessions;

internal sealed partial class Session
{
    /// <summary>Claim that tells others about the connection.</summary>
    private const string InfoClaim = "info";

    /// <summary>What others see of the client in a channel.</summary>
    public ClientInfo InfoIn(ChannelName name)
    {
        var channel = _subscriptions.TryGetValue(name.Text, out var subscription) && subscription.Info.Length > 0 ? subscription.Info : null;
        return new ClientInfo(Caller!.Subject, Client, ConnectionInfo, channel);
    }

    private byte[]? ConnectionInfo => Grants!.Claims is { } claims && claims.TryGetValue(InfoClaim, out var json) ? Encoding.UTF8.GetBytes(json) : null;
}
