using Microsoft.Extensions.Logging;
using Millrace.Contracts.Protos;
using Millrace.RealtimeGateway.Centrifuge;
using Millrace.RealtimeGateway.Centrifuge.Sessions;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Namespaces;

namespace Millrace.RealtimeGateway.Publications;

/// <summary>Does to the connections of this gateway what an order on the log says. What an order reaches is within its tenant, whatever it names.</summary>
internal sealed class ConnectionOrders(SessionDirectory sessions, FanoutHub hub, NamespaceTable namespaces, ILogger<ConnectionOrders> logger)
{
    /// <summary>Obeys an order; what takes time goes on by itself, order after order for each connection.</summary>
    public void Obey(ChannelRecord record)
    {
        switch (record.KindCase)
        {
            case ChannelRecord.KindOneofCase.Disconnect: Disconnect(record); break;
            case ChannelRecord.KindOneofCase.Refresh: Refresh(record); break;
            case ChannelRecord.KindOneofCase.Subscribe: Subscribe(record); break;
            case ChannelRecord.KindOneofCase.Unsubscribe: Unsubscribe(record); break;
        }
    }

    private void Disconnect(ChannelRecord record)
    {
        var order = record.Disconnect;
        var how = order.Code == 0 ? Centrifuge.Disconnect.Forced : new Disconnect((int)order.Code, order.Reason);
        if (order.Target is not { } target || (target.User.Length == 0 && target.Client.Length == 0)) return;
        // Every connection, for those without a session have no directory.
        _ = hub.VisitAsync(connection =>
        {
            if (connection.Identity is { } who
                && (record.Tenant.Length == 0 || who.Tenant == record.Tenant)
                && (target.User.Length == 0 || who.User == target.User)
                && (target.Client.Length == 0 || who.Client == target.Client)
                && !order.Whitelist.Contains(who.Client))
                connection.Shard.Close(connection, how);
        });
    }

    private void Refresh(ChannelRecord record)
    {
        var order = record.Refresh;
        foreach (var session in Meant(record.Tenant, order.Target))
        {
            if (order.Expired) session.Connection.Close(Centrifuge.Disconnect.Expired);
            else InTurn(session, "refresh", () =>
            {
                session.Prolong(Time(order.ExpireAt));
                return ValueTask.CompletedTask;
            });
        }
    }

    private void Subscribe(ChannelRecord record)
    {
        var order = record.Subscribe;
        foreach (var session in Meant(record.Tenant, order.Target))
        {
            var name = namespaces.Parse(record.Channel, session.Caller!.Tenant);
            if (name.Exists) InTurn(session, "subscribe", () => session.BeginByServerAsync(name, order.Data.ToByteArray(), order.Info.ToByteArray(), Time(order.ExpireAt)));
        }
    }

    private void Unsubscribe(ChannelRecord record)
    {
        foreach (var session in Meant(record.Tenant, record.Unsubscribe.Target))
        {
            InTurn(session, "unsubscribe", () =>
            {
                session.EndByServer(record.Channel, Unsubscribes.Server, "server unsubscribe");
                return ValueTask.CompletedTask;
            });
        }
    }

    private IEnumerable<Session> Meant(string tenant, ConnectionTarget? target)
    {
        if (target is null) return [];
        var found = target.Client.Length > 0 ? sessions.Find(target.Client) is { } one ? [one] : []
            : target.User.Length == 0 ? []
            : tenant.Length > 0 ? sessions.Of(tenant, target.User)
            : sessions.All;
        return found.Where(session => session.Caller is { } caller
            && (tenant.Length == 0 || caller.Tenant == tenant)
            && (target.User.Length == 0 || caller.Subject == target.User));
    }

    private void InTurn(Session session, string order, Func<ValueTask> work) => _ = RunAsync(session, order, work);

    private async Task RunAsync(Session session, string order, Func<ValueTask> work)
    {
        try
        {
            await session.InTurnAsync(work, CancellationToken.None);
        }
        catch (Exception e)
        {
            Log.OrderFailed(logger, order, e);
        }
    }

    private static DateTimeOffset? Time(long unixSeconds) => unixSeconds == 0 ? null : DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(unixSeconds, 0, 253_402_300_799));
}
