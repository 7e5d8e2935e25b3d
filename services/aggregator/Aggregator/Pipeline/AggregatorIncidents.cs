using Millrace.Hosting.Incidents;

namespace Millrace.Aggregator.Pipeline;

/// <summary>Turns what the loop sees into incidents.</summary>
internal sealed class AggregatorIncidents(IncidentLog incidents, TimeProvider time)
{
    private const string Service = "aggregator";

    // Series come and go with each window: a minute without any left over is the end of it.
    private static readonly TimeSpan _calm = TimeSpan.FromMinutes(1);

    private long _folded;
    private long? _foldedAt;

    /// <summary>Name of a step in incidents and messages.</summary>
    public static string NameOf(OverloadStep step) => step switch
    {
        OverloadStep.SlowerLive => "slower_live",
        OverloadStep.FinalsOnly => "finals_only",
        _ => "normal",
    };

    /// <summary>Tells the lag and what is left out for it.</summary>
    public void Lag(OverloadStep step, TimeSpan lag)
    {
        if (step == OverloadStep.Normal)
        {
            incidents.Close(Service, IncidentKinds.AggregatorLag, "");
            return;
        }

        incidents.Open(new IncidentReport(
            Service, IncidentKinds.AggregatorLag, "", NameOf(step),
            step == OverloadStep.SlowerLive
                ? "More events come than can be aggregated at once: open windows are shown more seldom, final windows are exact."
                : "More events come than can be aggregated at once: only final windows are shown, and they are exact.")
        {
            Audience = IncidentReport.Everyone,
            // Whole seconds: a new figure every 200 ms would be written every 200 ms.
            Peak = Math.Ceiling(lag.TotalSeconds),
            PeakUnit = "s",
        });
    }

    /// <summary>Tells of events that were folded into <c>__other__</c>.</summary>
    /// <param name="events">How many since the last time.</param>
    public void Folded(long events)
    {
        if (events > 0)
        {
            _folded += events;
            _foldedAt = time.GetTimestamp();
            incidents.Open(new IncidentReport(
                Service, IncidentKinds.SeriesLimit, "", "", "Streams have more series than their limit: events of further ones count together as __other__.")
            {
                // A power of two, so that it is written now and then.
                Peak = System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)_folded),
                PeakUnit = "events",
            });
        }
        else if (_foldedAt is { } at && time.GetElapsedTime(at) >= _calm)
        {
            (_folded, _foldedAt) = (0, null);
            incidents.Close(Service, IncidentKinds.SeriesLimit, "");
        }
    }
}
