using Microsoft.Extensions.Logging;
using Millrace.Hosting.Incidents;
using Millrace.Hosting.Workers;

namespace Millrace.Ingest.Overload;

/// <summary>Turns refusals into incidents, one a tenant: open while any was refused in the last five seconds.</summary>
internal sealed class OverloadWatch(Admission admission, IncidentLog incidents, TimeProvider time, ILogger<OverloadWatch> logger) : Worker(time, logger)
{
    /// <summary>How long no refusal ends an incident.</summary>
    public static readonly TimeSpan Calm = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private readonly Dictionary<TenantFlow, Episode> _episodes = [];
    private readonly Dictionary<TenantFlow, long> _settled = [];

    public override string Name => "ingest-overload";

    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Look();
            await Task.Delay(Interval, Time, cancellationToken);
        }
    }

    private void Look()
    {
        foreach (var flow in admission.Flows)
        {
            var refused = flow.Refused;
            if (_episodes.TryGetValue(flow, out var episode))
            {
                if (refused > episode.Seen) Report(flow, episode with { Seen = refused, LastAt = Time.GetTimestamp() });
                else if (Time.GetElapsedTime(episode.LastAt) >= Calm) End(flow);
            }
            else if (refused > _settled.GetValueOrDefault(flow))
            {
                Report(flow, new Episode(_settled.GetValueOrDefault(flow), refused, Time.GetTimestamp()));
            }
        }
    }

    private void Report(TenantFlow flow, Episode episode)
    {
        _episodes[flow] = episode;
        incidents.Open(new IncidentReport(
            "ingest", IncidentKinds.IngestOverload, flow.Tenant, "refusing",
            "More is sent than can be taken in: some requests are refused with 503 and Retry-After, none of what is accepted is lost.")
        {
            Audience = flow.Tenant,
            Peak = episode.Seen - episode.Before,
            PeakUnit = "requests",
        });
    }

    private void End(TenantFlow flow)
    {
        _settled[flow] = _episodes[flow].Seen;
        _episodes.Remove(flow);
        incidents.Close("ingest", IncidentKinds.IngestOverload, flow.Tenant);
    }

    /// <summary>A time of refusals.</summary>
    /// <param name="Before">Refusals before it.</param>
    /// <param name="Seen">Refusals as last seen.</param>
    /// <param name="LastAt">When there was one last.</param>
    private sealed record Episode(long Before, long Seen, long LastAt);
}
