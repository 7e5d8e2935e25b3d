using Millrace.Archiver.Progress;
using Millrace.Hosting.Incidents;

namespace Millrace.Archiver.Pipeline;

/// <summary>Which lanes fail now and why: for the health checks, and as an incident once it has lasted. Thread-safe.</summary>
internal sealed class SinkStatus(IncidentLog incidents, TimeProvider time)
{
    /// <summary>How long a sink fails before it is an incident: what is over sooner, nobody need know of.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Sink, int Partition), (string Reason, long Since)> _failures = [];

    /// <summary>The lane stored a cut, or has gone to another instance.</summary>
    public void Forget(LaneId lane)
    {
        lock (_gate)
        {
            if (_failures.Remove((lane.Sink, lane.Partition)) && _failures.Keys.All(failure => failure.Sink != lane.Sink))
                incidents.Close("archiver", KindOf(lane.Sink), "");
        }
    }

    /// <summary>The lane failed and tries again.</summary>
    public void Failed(LaneId lane, string reason)
    {
        lock (_gate)
        {
            var since = _failures.TryGetValue((lane.Sink, lane.Partition), out var before) ? before.Since : time.GetTimestamp();
            _failures[(lane.Sink, lane.Partition)] = (reason, since);
            if (time.GetElapsedTime(since) < Patience) return;
            incidents.Open(new IncidentReport(
                "archiver", KindOf(lane.Sink), "", "waiting", "Nothing can be stored for now; events wait on the log and are stored later: " + reason));
        }
    }

    /// <summary>Why a sink fails now; <see langword="null"/> when it does not.</summary>
    public string? FailureOf(string sink)
    {
        lock (_gate) return _failures.Where(failure => failure.Key.Sink == sink).Select(failure => failure.Value.Reason).FirstOrDefault();
    }

    private static string KindOf(string sink) => sink == "objects" ? IncidentKinds.ObjectsAway : IncidentKinds.ClickHouseAway;
}
