using System.Data.Common;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Millrace.Hosting.Incidents;
using Millrace.Hosting.Workers;
using Millrace.Ports.Metadata;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Namespaces;

namespace Millrace.RealtimeGateway.Sources;

/// <summary>
/// Tells everyone who watches windows that the aggregator leaves some out, and that it is over: whatever instance of it says so, by way of the metadata
/// database. While it goes on it is said again with every renewal of the incident, for those who came since.
/// </summary>
internal sealed class IncidentSource(
    IMetadataDatabase database, IncidentStore store, ChannelRegistry registry, TimeProvider time, ILogger<IncidentSource> logger)
    : Worker(time, logger)
{
    private bool _degraded;

    public override string Name => "gateway-incidents";

    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var _ in database.ListenAsync(IncidentStore.Channel, cancellationToken))
        {
            try
            {
                Tell(await store.ReadAsync(new IncidentQuery { OpenOnly = true, Kind = IncidentKinds.AggregatorLag }, cancellationToken));
            }
            catch (Exception e) when (e is MetadataDatabaseException or DbException)
            {
                // The next word, or the one that says that the database is back, brings it.
                Log.IncidentsUnread(logger, e);
            }
        }
    }

    private void Tell(IReadOnlyList<Incident> open)
    {
        if (open.Count == 0 && !_degraded) return;
        _degraded = open.Count > 0;
        var worst = open.MaxBy(incident => incident.Report.Peak ?? 0)?.Report;
        var note = new DegradedNote(_degraded, worst?.Step ?? "normal", 1, 0, worst?.Cause ?? "", "aggregator");
        var document = JsonSerializer.SerializeToUtf8Bytes(note, GatewayJson.Default.DegradedNote);
        foreach (var channel in registry.All)
        {
            if (channel.Namespace is MetricsNamespace && channel.HasSubscribers) channel.Announce(document);
        }
    }
}
