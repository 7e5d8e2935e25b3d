namespace Millrace.Ingest.Overload;

/// <summary>What one tenant has under way. The lock of whoever holds it covers everything but the counters of memory and refusals.</summary>
/// <param name="tenant">The tenant.</param>
internal sealed class TenantFlow(string tenant)
{
    private long _memory;
    private long _refused;

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

    public void AddMemory(long bytes) => Interlocked.Add(ref _memory, bytes);

    public void AddRefusal() => Interlocked.Increment(ref _refused);
}
