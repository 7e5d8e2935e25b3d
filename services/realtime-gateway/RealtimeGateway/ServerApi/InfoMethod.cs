using System.Text.Json;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Presence;

namespace Millrace.RealtimeGateway.ServerApi;

/// <summary><c>info</c>: the gateways that live. What all tenants have together is for operators; others see the gateways without their numbers.</summary>
internal sealed class InfoMethod(PresenceReader presence, TimeProvider time) : ApiMethod
{
    public override string Name => "info";

    public override Scopes Needs => Scopes.Read;

    public override async ValueTask<Action<Utf8JsonWriter>> RunAsync(ApiCall call, CancellationToken cancellationToken)
    {
        await presence.ReadyAsync(time, cancellationToken);
        var nodes = presence.Nodes;
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        return json =>
        {
            json.WriteStartArray("nodes"u8);
            foreach (var node in nodes)
            {
                json.WriteStartObject();
                json.WriteString("uid"u8, node.Id);
                json.WriteString("name"u8, node.Lease.Name);
                json.WriteString("version"u8, node.Lease.Version);
                json.WriteNumber("uptime"u8, Math.Max(0, (nowMs - node.Lease.StartedAtMs) / 1000));
                if (call.Caller.IsOperator)
                {
                    json.WriteNumber("num_clients"u8, node.Lease.Clients);
                    json.WriteNumber("num_users"u8, node.Lease.Users);
                    json.WriteNumber("num_subs"u8, node.Lease.Subscriptions);
                    json.WriteNumber("num_channels"u8, node.Lease.Channels);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
        };
    }
}
