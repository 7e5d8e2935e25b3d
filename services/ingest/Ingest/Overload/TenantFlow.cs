namespace Millrace.Ingest.Overload;

/// <summary>What one tenant has under way. The lock of whoever holds it covers everything but the counters of memory and refusals.</summary>
/// <param name="tenant">The tenant.</param>
internal sealed class TenantFlow(string tenant)
{
    // A burst is no overload: a wait may be too long for a while, and a line that is short in bytes may wait as long as the machine needs.
    private const double Patience = 5;
    private const int MuchTooLong = 10;
    private const long Burst = 16 << 20;

    private long _memory;
    private long _refused;
    private bool _refusing;
    private double? _aboveSince;
    private double? _belowSince;

    /// <summary>The tenant.</summary>
    public string Tenant { get; } = tenant;

    /// <summary>Bytes of memory that its requests hold.</summary>
    public long Memory => Volatile.Read(ref _memory);

    /// <summary>Requests refused for overload since the start.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Its requests that wait for their turn, oldest first.</summary>
    public Queue<Turn> Waiting { get; } = new();

    /// <summary>Bytes of its requests that arrive or wait.</summary>
    public long Pending { get; set; }

    /// <summary>Its requests that are read now.</summary>
    public int Running { get; set; }

    /// <summary>Whether it stands in the line of tenants.</summary>
    public bool InLine { get; set; }

    /// <summary>Virtual time at which what it has asked for so far is done.</summary>
    public long Finish { get; set; }

    /// <summary>When the work would be done that was refused and told to come back, in seconds of the gate's clock.</summary>
    public double Booked { get; set; }

    /// <summary>
    /// Whether a request is to be refused for the time that it would wait. As in CoDel (RFC 8289) that takes a wait that has stood for a while, and once requests
    /// are refused it is over only when the wait has been short for as long.
    /// </summary>
    /// <param name="wait">Expected wait in seconds; zero when nothing waits.</param>
    /// <param name="most">Longest wait that is well.</param>
    /// <param name="now">Seconds.</param>
    public bool IsOverlong(double wait, double most, double now)
    {
        if (wait > most)
        {
            _belowSince = null;
            _aboveSince ??= now;
            return _refusing |= (wait > most * MuchTooLong && Pending > Burst) || now - _aboveSince >= Patience;
        }

        _aboveSince = null;
        _belowSince ??= now;
        if (Pending == 0 || now - _belowSince >= Patience) _refusing = false;
        return false;
    }

    public void AddMemory(long bytes) => Interlocked.Add(ref _memory, bytes);

    public void AddRefusal() => Interlocked.Increment(ref _refused);
}
