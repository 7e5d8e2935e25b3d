using Millrace.Ingest.Overload;
using Millrace.Testing;

namespace Millrace.Ingest.Tests.Overload;

/// <summary>
/// A gate with requests that come at set times and take a set time at work, in steps of a millisecond of a clock that the test moves: the same numbers
/// each time, however fast the machine is.
/// </summary>
internal sealed class GateSimulation
{
    public static readonly TimeSpan MaxWait = TimeSpan.FromMilliseconds(250);
    private readonly ManualTimeProvider _time = new();
    private readonly WorkGate _gate;
    private readonly double _bytesPerMs;
    private readonly List<(Client Client, Turn Turn, long Bytes, int At)> _waiting = [];
    private readonly List<(Client Client, long Bytes, double Left)> _working = [];
    private int _ms;

    /// <summary>Makes one.</summary>
    /// <param name="slots">Requests at work at a time.</param>
    /// <param name="bytesPerMs">What all of them together get done.</param>
    /// <param name="pace">Limit for who asks for more than its share, in bytes a millisecond.</param>
    public GateSimulation(int slots, double bytesPerMs, double? pace = null)
    {
        _gate = new WorkGate(slots, new LogWindow(TimeSpan.FromMilliseconds(100)), _time);
        _gate.SetPace(pace * 1000);
        _bytesPerMs = bytesPerMs;
    }

    /// <summary>Lets time pass with some tenants.</summary>
    public void Run(int milliseconds, params Client[] clients)
    {
        for (var end = _ms + milliseconds; _ms < end; _ms++)
        {
            foreach (var client in clients)
            {
                for (client.Due += client.RequestsPerMs; client.Due >= 1; client.Due--) Arrive(client);
            }

            _gate.Tick();
            Work();
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }
    }

    private void Arrive(Client client)
    {
        client.Sent++;
        if (!_gate.TryArrive(client.Flow, client.Bytes, MaxWait, out var retryAfter))
        {
            client.Refused++;
            client.LongestRetry = Math.Max(client.LongestRetry, retryAfter.TotalSeconds);
            return;
        }

        _waiting.Add((client, _gate.Enter(client.Flow, client.Bytes, client.Bytes), client.Bytes, _ms));
    }

    private void Work()
    {
        Admit();
        var budget = _bytesPerMs;
        while (budget > 0 && _working.Count > 0)
        {
            // All at work share the machine alike.
            var each = Math.Min(budget / _working.Count, _working.Min(one => one.Left));
            budget -= each * _working.Count;
            for (var i = 0; i < _working.Count; i++) _working[i] = _working[i] with { Left = _working[i].Left - each };
            foreach (var done in _working.Where(one => one.Left < 1e-6).ToArray())
            {
                _working.Remove(done);
                done.Client.Served += done.Bytes;
                _gate.LeaveWork(done.Client.Flow);
                _gate.LeaveLog(done.Bytes);
            }

            Admit();
        }
    }

    private void Admit()
    {
        foreach (var granted in _waiting.Where(one => one.Turn.Granted.IsCompleted).ToArray())
        {
            _waiting.Remove(granted);
            granted.Client.LongestWait = Math.Max(granted.Client.LongestWait, _ms - granted.At);
            _working.Add((granted.Client, granted.Bytes, granted.Bytes));
        }
    }

    /// <summary>A tenant that sends requests of one size at an even rate, whatever the answers are.</summary>
    internal sealed class Client(string name, long bytes, double bytesPerMs)
    {
        public TenantFlow Flow { get; } = new(name);

        public long Bytes => bytes;

        public double RequestsPerMs => bytesPerMs / bytes;

        public double Demand => bytesPerMs;

        public double Due { get; set; }

        public int Sent { get; set; }

        public int Refused { get; set; }

        public long Served { get; set; }

        public int LongestWait { get; set; }

        public double LongestRetry { get; set; }
    }
}
