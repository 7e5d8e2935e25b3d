using System.Text;
using Millrace.Hosting.Ledger;

namespace Millrace.Ingest.Intake;

/// <summary>Counts the records of one partition by tenant, looking at nothing but their keys. Not thread-safe.</summary>
internal sealed class IntakeTally
{
    private const int LongestTenant = 256;

    private readonly Dictionary<string, long> _totals = new(StringComparer.Ordinal);
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);
    private readonly bool _rejections;
    private byte[] _last = [];
    private long _run;

    /// <summary>Goes on from what was stored.</summary>
    /// <param name="stored">The stored state.</param>
    /// <param name="upto">First offset that is not counted.</param>
    /// <param name="rejections">Whether the records are refused events.</param>
    public IntakeTally(LedgerState stored, long upto, bool rejections)
    {
        _rejections = rejections;
        Upto = upto;
        foreach (var (tenant, counts) in stored.Counts) _totals[tenant] = counts.Received;
    }

    /// <summary>First offset that is not counted.</summary>
    public long Upto { get; private set; }

    /// <summary>Whether there is anything to store.</summary>
    public bool HasChanges => _run > 0 || _changed.Count > 0;

    /// <summary>Counts a record, unless it was counted before.</summary>
    /// <param name="offset">Its offset.</param>
    /// <param name="key">Its key: the tenant, or the tenant, a slash and more.</param>
    public void Count(long offset, ReadOnlySpan<byte> key)
    {
        if (offset < Upto) return;
        Upto = offset + 1;
        if (key.SequenceEqual(_last))
        {
            _run++;
            return;
        }

        EndRun();
        _last = key.ToArray();
        _run = 1;
    }

    /// <summary>Notes that everything before an offset has been seen.</summary>
    public void PassTo(long nextOffset) => Upto = Math.Max(Upto, nextOffset);

    /// <summary>The totals of the tenants that changed since the last call.</summary>
    public Dictionary<string, LedgerCounts> TakeChanges()
    {
        EndRun();
        var changes = _changed.ToDictionary(tenant => tenant, tenant => CountsOf(_totals[tenant]), StringComparer.Ordinal);
        _changed.Clear();
        return changes;
    }

    private LedgerCounts CountsOf(long total) => _rejections
        ? new LedgerCounts { Received = total, Rejected = total, DeadLettered = total }
        : new LedgerCounts { Received = total };

    private void EndRun()
    {
        if (_run == 0) return;
        var end = _last.AsSpan().IndexOf((byte)'/');
        var tenant = end < 0 ? _last.AsSpan() : _last.AsSpan(0, end);
        Span<char> name = stackalloc char[LongestTenant];
        var length = Encoding.UTF8.GetChars(tenant[..Math.Min(tenant.Length, LongestTenant)], name);
        var lookup = _totals.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!lookup.TryGetValue(name[..length], out var known, out var total)) known = new string(name[..length]);
        _totals[known] = total + _run;
        _changed.Add(known);
        _run = 0;
    }
}
