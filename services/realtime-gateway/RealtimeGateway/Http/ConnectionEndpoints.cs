using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Contracts.Errors;
using Millrace.Contracts.Protos;
using Millrace.Hosting.Audit;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Http;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Presence;
using Millrace.RealtimeGateway.Publications;

namespace Millrace.RealtimeGateway.Http;

/// <summary>
/// <c>/api/v1/connections</c>: who is connected to the gateway that answers, for administrators of the tenant (operators: all tenants), and the end of one, at whatever
/// gateway it is.
/// </summary>
internal sealed class ConnectionEndpoints(FanoutHub hub, GatewayNode node, PublicationWriter writer, AuditLog audit)
{
    private const int Page = 100;
    private const int MaxPage = 1000;
    private const int MostChannels = 1000;
    private const int LongestId = 64;

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var self = ActivatorUtilities.CreateInstance<ConnectionEndpoints>(endpoints.ServiceProvider);
        endpoints.MapGet("/api/v1/connections", (RequestDelegate)self.ListAsync).RequireScopes(Scopes.Admin);
        endpoints.MapDelete("/api/v1/connections/{client}", (RequestDelegate)self.EndAsync).RequireScopes(Scopes.Admin);
    }

    private async Task ListAsync(HttpContext context)
    {
        var caller = context.GetCaller();
        var query = context.Request.Query;
        var limit = Page;
        if (query["limit"].ToString() is { Length: > 0 } text && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= MaxPage))
        {
            await Problems.WriteAsync(context, ErrorCodes.BadRequest, $"?limit= is 1 to {MaxPage}.");
            return;
        }

        var (user, channel, cursor) = (query["user"].ToString(), query["channel"].ToString(), query["cursor"].ToString());
        var found = await hub.CollectAsync(
            connection => connection.Identity is { } who
                && (caller.IsOperator || who.Tenant == caller.Tenant)
                && (user.Length == 0 || who.User == user)
                && (channel.Length == 0 || connection.Subscriptions.Any(subscription => subscription.Channel.Name.Text == channel))
                && string.CompareOrdinal(who.Client, cursor) > 0
                ? Describe(connection, who)
                : null,
            context.RequestAborted);
        var items = found.OrderBy(item => item.Client, StringComparer.Ordinal).Take(limit).ToArray();
        var answer = new Page<ConnectionAnswer>(items, found.Count > limit ? items[^1].Client : null);
        await RequestBody.WriteAsync(context, answer, GatewayJson.Default.PageConnectionAnswer);
    }

    private async Task EndAsync(HttpContext context)
    {
        var caller = context.GetCaller();
        var client = (string)context.GetRouteValue("client")!;
        if (client.Length > LongestId)
        {
            await Problems.WriteAsync(context, ErrorCodes.NotFound, "There is no such connection.");
            return;
        }

        var tenant = caller.IsOperator ? "" : caller.Tenant;
        var record = new ChannelRecord { Tenant = tenant, Disconnect = new DisconnectOrder { Target = new ConnectionTarget { Client = client } } };
        try
        {
            await writer.AppendAsync(PublicationRecord.KeyOf(tenant, client), record, context.RequestAborted);
        }
        catch (EventLogException e)
        {
            await Problems.WriteAsync(context, ErrorCodes.Unavailable, $"The gateways can't be told at the moment: {e.Message}");
            return;
        }

        await audit.WriteAsync(caller.Tenant, caller.Subject, "connection.end", client, "", context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    // In the loop of the connection's shard.
    private ConnectionAnswer Describe(Connection connection, ConnectionIdentity who) => new(
        who.Client,
        who.User,
        who.Tenant,
        connection.Wire.Name,
        connection.Wire.Format?.Name ?? "plain",
        who.Since,
        [.. connection.Subscriptions.Take(MostChannels).Select(subscription => subscription.Channel.Name.Text)],
        connection.Queue.Bytes,
        connection.Lagging > 0,
        node.Id);
}
