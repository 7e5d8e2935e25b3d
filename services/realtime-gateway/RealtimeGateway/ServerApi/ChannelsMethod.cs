using System.IO.Enumeration;
using System.Text.Json;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Presence;

namespace Millrace.RealtimeGateway.ServerApi;

/// <summary><c>channels</c>: channels that somebody listens to, at whatever gateway, with how many; <c>pattern</c> may have stars.</summary>
internal sealed class ChannelsMethod(PresenceReader presence, TimeProvider time) : ApiMethod
{
    public override string Name => "channels";

    public override Scopes Needs => Scopes.Read;

    public override async ValueTask<Action<Utf8JsonWriter>> RunAsync(ApiCall call, CancellationToken cancellationToken)
    {
        var pattern = call.Text("pattern");
        await presence.ReadyAsync(time, cancellationToken);
        var counts = presence.Counts()
            .Where(count => (call.Tenant.Length == 0 || count.Key.Tenant == call.Tenant) && call.Lists(count.Key) && Matches(pattern, count.Key))
            .ToLookup(count => count.Key.Text, count => count.Value, StringComparer.Ordinal);
        return json =>
        {
            json.WriteStartObject("channels"u8);
            foreach (var channel in counts)
            {
                json.WriteStartObject(channel.Key);
                // Users of several tenants may have a channel of the same name.
                json.WriteNumber("num_clients"u8, channel.Sum());
                json.WriteEndObject();
            }

            json.WriteEndObject();
        };
    }

    private static bool Matches(string pattern, ChannelName name) =>
        pattern.Length == 0 || FileSystemName.MatchesSimpleExpression(pattern.Replace("\\", "\\\\", StringComparison.Ordinal), name.Text, ignoreCase: false);
}
