namespace Millrace.Cli.Load;

/// <summary>Adds up what came back.</summary>
internal sealed class LoadReport
{
    private readonly Lock _lock = new();
    private readonly List<double> _latencies = [];
    private readonly SortedDictionary<int, long> _statuses = [];
    private readonly Dictionary<string, long> _failures = [];
    private long _sent;
    private long _accepted;

    public bool AllAccepted => _sent > 0 && _sent == _accepted;

    public void Add(int status, int sent, int accepted, TimeSpan latency)
    {
        lock (_lock)
        {
            _sent += sent;
            _accepted += accepted;
            _statuses[status] = _statuses.GetValueOrDefault(status) + 1;
            _latencies.Add(latency.TotalMilliseconds);
        }
    }

    public void Fail(int sent, string message)
    {
        lock (_lock)
        {
            _sent += sent;
            _failures[message] = _failures.GetValueOrDefault(message) + 1;
        }
    }

    public void Print(TextWriter output, TimeSpan elapsed)
    {
        _latencies.Sort();
        output.WriteLine($"sent {_sent} events in {elapsed.TotalSeconds:0.0} s, accepted {_accepted} ({_accepted / elapsed.TotalSeconds:0} a second)");
        output.WriteLine($"answers: {string.Join(", ", _statuses.Select(s => $"{s.Value} x {s.Key}"))}");
        if (_latencies.Count > 0) output.WriteLine($"latency from the time due: p50 {At(0.5):0.0} ms, p95 {At(0.95):0.0} ms, p99 {At(0.99):0.0} ms, max {_latencies[^1]:0.0} ms");
        foreach (var (message, count) in _failures) output.WriteLine($"failed {count} x {message}");
    }

    private double At(double quantile) => _latencies[Math.Min(_latencies.Count - 1, (int)(quantile * _latencies.Count))];
}
