using Millrace.Verify.Observe;

namespace Millrace.Verify.Check;

/// <summary>
/// Compares a stream's alerts with what their receiver was told: once that each fires, and once that it is over. The rule has no <c>for</c>, so that an alert fires as soon
/// as it is there; nothing comes any more, so each must be over.
/// </summary>
internal static class AlertCheck
{
    /// <summary>Compares one stream.</summary>
    /// <param name="of">Whose stream.</param>
    /// <param name="alerts">The alerts, as the API gives them.</param>
    /// <param name="told">Ids of the notifications of an alert and a status.</param>
    public static IEnumerable<Difference> Compare((string Tenant, string Stream) of, IEnumerable<FoundAlert> alerts, Func<string, string, IReadOnlyCollection<string>> told)
    {
        foreach (var alert in alerts)
        {
            if (alert.State != "resolved") yield return Off("lost", alert, $"is {alert.State}, though nothing comes any more");
            foreach (var status in (string[])["firing", "resolved"])
            {
                var ids = told(alert.Id, status);
                if (ids.Count > 1) yield return Off("doubled", alert, $"{ids.Count} notifications say that it is {status}");
                if (ids.Count == 0 && (status == "firing" || alert.State == "resolved")) yield return Off("lost", alert, $"nobody was told that it is {status}");
            }
        }

        Difference Off(string kind, FoundAlert alert, string detail) => new("notifications", kind, of.Tenant, of.Stream, [], $"alert {alert.Id}: {detail}");
    }
}
