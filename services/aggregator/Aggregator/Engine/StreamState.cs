using System.Text;
using Millrace.Contracts.Events;

namespace Millrace.Aggregator.Engine;

/// <summary>What the engine knows of one stream of one tenant. Its key is the record key.</summary>
internal sealed class StreamState : Keyed
{
    private const int InternedNames = 64;

    private readonly Stack<int> _freeSlots = new();
    private readonly List<byte[]> _names = [];
    private int _slots;

    public StreamState(ReadOnlySpan<byte> key, ulong hash, long id, EngineSettings settings)
    {
        SetKey(key, hash);
        Id = id;
        PartitionKey.TrySplit(key, out var tenant, out var stream);
        Tenant = Encoding.UTF8.GetString(tenant);
        Name = Encoding.UTF8.GetString(stream);
        Settings = settings.ForStream(Name);
    }

    /// <summary>Orders streams by the time they were first seen.</summary>
    public long Id { get; }

    public string Tenant { get; }

    public string Name { get; }

    public StreamSettings Settings { get; }

    /// <summary>Event time has reached this point, as far as the stream's own records say.</summary>
    public long WatermarkMs { get; set; }

    /// <summary>Log time of the stream's last record.</summary>
    public long LastRecordMs { get; set; }

    /// <summary>Windows whose lateness ended before this were complete when the checkpoint was taken: a replay leaves them alone.</summary>
    public long SealedMs { get; set; } = long.MinValue;

    /// <summary>The watermark at which the next window of the stream becomes final or is given up.</summary>
    public long NextBoundaryMs { get; set; } = long.MaxValue;

    /// <summary>Log time of the stream's valid timer.</summary>
    public long TimerMs { get; set; } = long.MaxValue;

    /// <summary>By start.</summary>
    public List<Frame> Frames { get; } = [];

    /// <summary>The frame of the last event.</summary>
    public Frame? Current { get; set; }

    public KeyTable<Series> Series { get; } = new();

    public long Aggregated { get; set; }

    public long Late { get; set; }

    public long Duplicates { get; set; }

    /// <summary>The stream stands on the list of those with uncollected counts.</summary>
    public bool Counted { get; set; }

    public Series AddSeries(ReadOnlySpan<byte> key, ulong hash)
    {
        var series = new Series { Slot = _freeSlots.TryPop(out var slot) ? slot : _slots++, Prefix = SeriesPrefix.Encode(this, key) };
        series.SetKey(key, hash);
        Series.Add(series);
        return series;
    }

    public void RemoveSeries(Series series)
    {
        Series.Remove(series);
        _freeSlots.Push(series.Slot);
    }

    /// <summary>An array for a value's name, the same for the same name as long as names are few.</summary>
    public byte[] Intern(ReadOnlySpan<byte> name)
    {
        foreach (var known in _names)
        {
            if (name.SequenceEqual(known)) return known;
        }

        var added = name.ToArray();
        if (_names.Count < InternedNames) _names.Add(added);
        return added;
    }
}
