using System.Text;
using Millrace.Archiver.Blocks;
using Millrace.Contracts.Events;
using Millrace.Ports.EventLog;

namespace Millrace.Archiver.Pipeline;

/// <summary>
/// The records of one partition from one offset to another on their way into one sink, duplicates left out. Filled by the reader's thread, then
/// handed to the sink's writer; never touched by both at once.
/// </summary>
/// <param name="partition">Partition of every record.</param>
internal abstract class Cut(int partition) : IDisposable
{
    private readonly Utf8Table _tenants = new();
    private readonly List<long> _rowsOfTenant = [];

    /// <summary>Partition of every record.</summary>
    public int Partition { get; } = partition;

    /// <summary>Offset of the first record, duplicates included; <see langword="null"/> while there is none.</summary>
    public long? First { get; private set; }

    /// <summary>Offset of the last record, duplicates included.</summary>
    public long Last { get; private set; }

    /// <summary>Log time of the first record.</summary>
    public long FirstLogTimeMs { get; private set; }

    /// <summary>Log time of the last record.</summary>
    public long LastLogTimeMs { get; private set; }

    /// <summary>Events, duplicates not counted.</summary>
    public int Rows { get; private set; }

    /// <summary>Bytes of the events as they stand on the log: what the limits count.</summary>
    public long Bytes { get; private set; }

    /// <summary>Where a duplicate filter must start to be ready for the record after <see cref="Last"/>; see <see cref="DuplicateMemory.WarmFrom"/>.</summary>
    public long? WarmFrom { get; set; }

    /// <summary>What the lateness tracker knows after <see cref="Last"/>; set when the cut is closed.</summary>
    public byte[]? Watermarks { get; set; }

    /// <summary>Moves the range's end over a record.</summary>
    public void Cover(in LogEntry entry)
    {
        if (First is null)
        {
            First = entry.Offset;
            FirstLogTimeMs = entry.AppendedAtMs;
        }

        Last = entry.Offset;
        LastLogTimeMs = entry.AppendedAtMs;
    }

    /// <summary>Takes the event of the record that <see cref="Cover"/> just passed.</summary>
    /// <param name="view">The event.</param>
    /// <param name="entry">Its record.</param>
    /// <param name="late">Whether it came after the allowed lateness.</param>
    public void Add(in EventView view, in LogEntry entry, bool late)
    {
        Append(view, entry, late);
        Rows++;
        Bytes += entry.Value.Length;
        var tenant = _tenants.Add(view.Tenant);
        if (tenant == _rowsOfTenant.Count) _rowsOfTenant.Add(0);
        _rowsOfTenant[tenant]++;
    }

    /// <summary>Events by tenant.</summary>
    public IEnumerable<KeyValuePair<string, long>> RowsByTenant()
    {
        for (var i = 0; i < _rowsOfTenant.Count; i++)
            yield return new(Encoding.UTF8.GetString(_tenants[i]), _rowsOfTenant[i]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tenants.Dispose();
        Release();
    }

    /// <summary>Stores one event.</summary>
    protected abstract void Append(in EventView view, in LogEntry entry, bool late);

    /// <summary>Gives pooled memory back.</summary>
    protected abstract void Release();
}
