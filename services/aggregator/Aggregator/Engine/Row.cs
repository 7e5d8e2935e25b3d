using System.Runtime.CompilerServices;
using Millrace.Contracts.Events;
using Millrace.Contracts.Sketches;

namespace Millrace.Aggregator.Engine;

/// <summary>What one series came to in one window. Pooled.</summary>
internal sealed class Row
{
    private ValueSlot[] _values = [];
    private int _valueCount;
    private HyperLogLog? _sources;
    private GeoCells? _geo;

    /// <summary>Whose row it is; <see langword="null"/> while it is pooled or scratch.</summary>
    public Series? Series { get; set; }

    public WindowState? Window { get; set; }

    /// <summary>The window's next row, in order of first events.</summary>
    public Row? Next { get; set; }

    /// <summary>The row of the same series in the next larger window around.</summary>
    public Row? Larger { get; set; }

    /// <summary>An event came in since the row was last emitted.</summary>
    public bool Touched { get; set; }

    /// <summary>The row stands in the list of live changes, and must not be reused before it is taken off.</summary>
    public bool InLive { get; set; }

    /// <summary>The row stands in the list of corrections, and must not be reused before it is taken off.</summary>
    public bool InCorrections { get; set; }

    /// <summary>Events folded in.</summary>
    public long Count { get; private set; }

    /// <summary>Log time of the newest of them.</summary>
    public long NewestMs { get; private set; }

    /// <summary>The last trace context that came with one of them.</summary>
    public string? TraceParent { get; private set; }

    public ReadOnlySpan<ValueSlot> Values => _values.AsSpan(0, _valueCount);

    public HyperLogLog? Sources => _sources is { IsEmpty: false } ? _sources : null;

    public GeoCells? Geo => _geo is { IsEmpty: false } ? _geo : null;

    /// <summary>Folds an event in.</summary>
    /// <returns>How many of its values were left out because of the limit.</returns>
    public int Fold(ref readonly EventView e, long appendedAtMs, string? traceParent, StreamState stream, EngineSettings settings)
    {
        Count++;
        NewestMs = Math.Max(NewestMs, appendedAtMs);
        if (traceParent is not null) TraceParent = traceParent;
        if (!e.Source.IsEmpty) (_sources ??= new HyperLogLog(settings.SourcePrecision)).Add(e.Source);
        if (e.HasGeo) (_geo ??= new GeoCells()).Add(Geohash.Encode(e.Lat, e.Lon, stream.Settings.GeoPrecision), 1, settings.GeoCellLimit);
        var left = 0;
        var expected = 0;
        foreach (var value in e.Values)
        {
            ref var slot = ref SlotOf(value.Name, expected++, stream, settings);
            if (Unsafe.IsNullRef(ref slot)) left++;
            else slot.Fold(value.Value, e.TimeMs);
        }

        return left;
    }

    /// <summary>Adds a row of a later pane.</summary>
    public void Merge(Row later, StreamState stream, EngineSettings settings)
    {
        Count += later.Count;
        NewestMs = Math.Max(NewestMs, later.NewestMs);
        TraceParent = later.TraceParent ?? TraceParent;
        if (later.Sources is { } sources) (_sources ??= new HyperLogLog(settings.SourcePrecision)).Merge(sources);
        if (later.Geo is { } geo) (_geo ??= new GeoCells()).Merge(geo, settings.GeoCellLimit);
        for (var i = 0; i < later._valueCount; i++)
        {
            ref var slot = ref SlotOf(later._values[i].Name, i, stream, settings);
            if (!Unsafe.IsNullRef(ref slot)) slot.Merge(in later._values[i]);
        }
    }

    /// <summary>Makes the row new; what it grew to is kept within reason.</summary>
    public void Reset()
    {
        Series = null;
        Window = null;
        Next = null;
        Larger = null;
        Touched = false;
        InLive = false;
        InCorrections = false;
        Count = 0;
        NewestMs = 0;
        TraceParent = null;
        for (var i = 0; i < _valueCount; i++) _values[i].Reset();
        if (_values.Length > 8) _values = [];
        _valueCount = 0;
        _sources?.Clear();
        _geo?.Clear();
    }

    // Events of a stream carry their values in the same order nearly always, so the expected position hits.
    private ref ValueSlot SlotOf(ReadOnlySpan<byte> name, int expected, StreamState stream, EngineSettings settings)
    {
        if (expected < _valueCount && name.SequenceEqual(_values[expected].Name)) return ref _values[expected];
        for (var i = 0; i < _valueCount; i++)
        {
            if (name.SequenceEqual(_values[i].Name)) return ref _values[i];
        }

        if (_valueCount == settings.ValueLimit) return ref Unsafe.NullRef<ValueSlot>();
        if (_valueCount == _values.Length) Array.Resize(ref _values, Math.Max(1, _valueCount * 2));
        ref var slot = ref _values[_valueCount++];
        slot.Begin(stream.Intern(name), settings.RelativeError);
        return ref slot;
    }
}
