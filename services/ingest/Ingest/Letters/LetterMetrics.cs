using System.Diagnostics.Metrics;

namespace Millrace.Ingest.Letters;

/// <summary>What is counted of dead letters and redrives.</summary>
internal sealed class LetterMetrics : IDisposable
{
    private readonly Meter _meter = new("Millrace.Ingest");
    private readonly Counter<long> _indexed;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _redriven;
    private readonly Counter<long> _refused;

    public LetterMetrics()
    {
        _indexed = _meter.CreateCounter<long>("millrace.ingest.dead_letters.listed", "{event}", "Refused events that came into the list.");
        _dropped = _meter.CreateCounter<long>("millrace.ingest.dead_letters.dropped", "{event}", "Refused events dropped from the list, by reason: age or limit.");
        _redriven = _meter.CreateCounter<long>("millrace.ingest.redrives.redriven", "{event}", "Refused events that a redrive brought in.");
        _refused = _meter.CreateCounter<long>("millrace.ingest.redrives.refused", "{event}", "Refused events that a redrive found refused again.");
    }

    public void Indexed(int letters) => _indexed.Add(letters);

    public void Dropped(long letters, string reason)
    {
        if (letters > 0) _dropped.Add(letters, new KeyValuePair<string, object?>("reason", reason));
    }

    public void Redriven(int redriven, int refused)
    {
        _redriven.Add(redriven);
        _refused.Add(refused);
    }

    public void Dispose() => _meter.Dispose();
}
