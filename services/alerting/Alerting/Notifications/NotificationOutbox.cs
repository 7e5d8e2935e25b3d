using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Millrace.Alerting.Alerts;
using Millrace.Alerting.Evaluation;
using Millrace.Alerting.Storage;
using Millrace.Contracts.Protos;
using Millrace.Hosting.Schema;

namespace Millrace.Alerting.Notifications;

/// <summary>
/// Puts notifications down in the transaction of the change that they tell of. The row is outbox and delivery log in one: it stays when the
/// notification is out.
/// </summary>
internal sealed class NotificationOutbox(IOptions<AlertingOptions> options, AlertingMetrics metrics)
{
    /// <summary>The alert fires.</summary>
    public const string Firing = "firing";

    /// <summary>It is over.</summary>
    public const string Resolved = "resolved";

    private const string Insert = """
        INSERT INTO alerting_deliveries (id, tenant, alert_id, alert_revision, rule_id, receiver_id, channel, event, payload, state, attempts,
            next_attempt_at, last_error, created_at, updated_at)
        VALUES (@Id, @Tenant, @AlertId, @Revision, @RuleId, @ReceiverId, @Channel, @Event, @Payload, @State, 0, @Due, @Error, @NowMs, @NowMs)
        """;

    /// <summary>Notifies of a transition where people want to know: when an alert fires, and when one is resolved of whose firing they were told.</summary>
    /// <returns>Notifications added.</returns>
    public async Task<int> AddAsync(SqlScope sql, AlertRow alert, AlertTransition transition)
    {
        if (transition.To == AlertState.Resolved)
        {
            var told = await sql.QueryAsync<string>(
                "SELECT DISTINCT receiver_id FROM alerting_deliveries WHERE alert_id = @Id AND event = 'firing'", new { alert.Id });
            return await AddAsync(sql, alert, Resolved, told);
        }
        // A flap of an alert that recovers is no news, and a snoozed one speaks when the snooze ends.
        if (transition.To != AlertState.Firing || transition.From == AlertState.Recovering || alert.SnoozedUntil > sql.NowMs) return 0;
        return await AddAsync(sql, alert, Firing, transition.Rule.Receivers);
    }

    /// <summary>Notifies some receivers of an alert as it is.</summary>
    public async Task<int> AddAsync(SqlScope sql, AlertRow alert, string notificationEvent, IReadOnlyList<string> receiverIds)
    {
        if (receiverIds.Count == 0) return 0;
        var receivers = await sql.QueryAsync<(string Id, string Name, string Kind)>(
            $"SELECT id, name, kind FROM alerting_receivers WHERE tenant = @Tenant AND id IN ({SqlList.Names(receiverIds)}) ORDER BY id",
            SqlList.Parameters(receiverIds, new { alert.Tenant }));
        var waiting = await sql.FirstAsync<long>(
            "SELECT COUNT(*) FROM alerting_deliveries WHERE tenant = @Tenant AND state <= @Sending", new { alert.Tenant, Sending = (int)DeliveryState.Sending });
        foreach (var receiver in receivers)
        {
            var full = waiting++ >= options.Value.Delivery.MaxWaiting;
            if (full) sql.AfterCommit(() => metrics.Notified(receiver.Kind, "overflow"));
            await sql.ExecuteAsync(Insert, new
            {
                Id = IdOf(alert, receiver.Id),
                alert.Tenant,
                AlertId = alert.Id,
                alert.Revision,
                alert.RuleId,
                ReceiverId = receiver.Id,
                Channel = receiver.Kind,
                Event = notificationEvent,
                Payload = NotificationMessage.Create(alert, notificationEvent, receiver.Name, options.Value.ExternalUrl),
                State = (int)(full ? DeliveryState.Failed : DeliveryState.Pending),
                Due = full ? (long?)null : sql.NowMs,
                Error = full ? "Too many notifications of the tenant wait: this one was not sent." : null,
                sql.NowMs,
            });
        }
        return receivers.Count;
    }

    // The same for the same news to the same receiver, so that a repetition is recognised.
    private static string IdOf(AlertRow alert, string receiverId)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\u001f', "notification", alert.Id, alert.Revision, receiverId)));
        return "msg_" + Convert.ToHexStringLower(hash.AsSpan(0, 16));
    }
}

/// <summary>Where a delivery stands; the unfinished states come first.</summary>
internal enum DeliveryState
{
    /// <summary>Waits for its next attempt.</summary>
    Pending = 0,

    /// <summary>An attempt is under way until its lease ends.</summary>
    Sending = 1,

    /// <summary>The receiver took it.</summary>
    Delivered = 2,

    /// <summary>Given up.</summary>
    Failed = 3,
}
