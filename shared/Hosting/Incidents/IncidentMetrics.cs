using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Millrace.Hosting.Incidents;

/// <summary>What this process counts of incidents.</summary>
internal static class IncidentMetrics
{
    private static readonly Meter Meter = new("Millrace.Incidents");
    private static readonly ConcurrentDictionary<string, int> Current = new(IncidentKinds.All.ToDictionary(kind => kind, _ => 0), StringComparer.Ordinal);

    public static readonly Counter<long> Opened =
        Meter.CreateCounter<long>("millrace.incidents.opened", "{incident}", "Incidents that this process has reported, by kind.");

    public static readonly Counter<long> Dropped = Meter.CreateCounter<long>(
        "millrace.incidents.dropped", "{report}", "Reports left out because as many incidents were held as may be.");

    static IncidentMetrics() => Meter.CreateObservableGauge(
        "millrace.incidents.open",
        () => Current.Select(one => new Measurement<int>(one.Value, new KeyValuePair<string, object?>("kind", one.Key))),
        "{incident}",
        "Incidents of this process that go on, by kind.");

    public static void SetOpen(string kind, int change) => Current.AddOrUpdate(kind, Math.Max(0, change), (_, open) => open + change);
}
