using System.Text.Json;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Presence;

namespace Millrace.RealtimeGateway.ServerApi;

/// <summary><c>presence</c>: who listens to a channel, at whatever gateway.</summary>
internal sealed class PresenceMethod(PresenceReader presence, TimeProvider time) : ApiMethod
{
    public override string Name => "presence";

    public override Scopes Needs => Scopes.Read;

    public override async ValueTask<Action<Utf8JsonWriter>> RunAsync(ApiCall call, CancellationToken cancellationToken)
    {
        var clients = await AskAsync(presence, call, time, cancellationToken);
        return json =>
        {
            json.WriteStartObject("presence"u8);
            foreach (var client in clients)
            {
                json.WriteStartObject(client.Client);
                HistoryMethod.Write(json, client);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        };
    }

    /// <summary>Who listens, where the namespace tells.</summary>
    public static async ValueTask<IReadOnlyList<ClientInfo>> AskAsync(PresenceReader presence, ApiCall call, TimeProvider time, CancellationToken cancellationToken)
    {
        var name = call.Channel();
        if (!name.Namespace!.Presence) throw new ApiException(ApiError.NotAvailable);
        await presence.ReadyAsync(time, cancellationToken);
        return presence.Of(name);
    }
}

/// <summary><c>presence_stats</c>: how many listen to a channel, at whatever gateway.</summary>
internal sealed class PresenceStatsMethod(PresenceReader presence, TimeProvider time) : ApiMethod
{
    public override string Name => "presence_stats";

    public override Scopes Needs => Scopes.Read;

    public override async ValueTask<Action<Utf8JsonWriter>> RunAsync(ApiCall call, CancellationToken cancellationToken)
    {
        var clients = await PresenceMethod.AskAsync(presence, call, time, cancellationToken);
        return json =>
        {
            json.WriteNumber("num_clients"u8, clients.Count);
            json.WriteNumber("num_users"u8, PresenceReader.Users(clients));
        };
    }
}
