using System.Buffers.Binary;

namespace Millrace.Contracts.Events;

/// <summary>
/// Says of each event of one partition whether it is late, as the aggregator does, without its windows: a watermark for each stream that is not silent.
/// What it knows at an offset can be saved, and a tracker that goes on from there comes to the same verdicts. Not thread-safe.
/// </summary>
/// <remarks>Memory: about 150 bytes for each stream with a record within the idle timeout.</remarks>
public sealed class LatenessTracker
{
    private const int FirstSweep = 1024;
    private readonly LatenessRules _rules;
    private readonly Dictionary<byte[], Clock> _clocks = new(KeyComparer.Instance);
    private readonly Dictionary<byte[], Clock>.AlternateLookup<ReadOnlySpan<byte>> _find;
    private Clock? _last;
    private long _logTimeMs = long.MinValue;
    private int _sweepAt = FirstSweep;

    /// <summary>Begins with nothing known, as at the beginning of a log.</summary>
    /// <param name="rules">The rules.</param>
    public LatenessTracker(LatenessRules rules)
    {
        _rules = rules;
        _find = _clocks.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>Streams that are remembered.</summary>
    public int Count => _clocks.Count;

    /// <summary>Goes on from what <see cref="Save"/> gave.</summary>
    /// <param name="rules">The rules.</param>
    /// <param name="saved">What was saved.</param>
    /// <exception cref="FormatException">It was not saved by <see cref="Save"/>.</exception>
    public static LatenessTracker Restore(LatenessRules rules, ReadOnlySpan<byte> saved)
    {
        var tracker = new LatenessTracker(rules);
        while (!saved.IsEmpty)
        {
            if (saved.Length < 18 || saved.Length < 18 + BinaryPrimitives.ReadUInt16LittleEndian(saved))
                throw new FormatException("The saved watermarks end in the middle of one.");
            var key = saved.Slice(18, BinaryPrimitives.ReadUInt16LittleEndian(saved)).ToArray();
            var clock = new Clock(key) { WatermarkMs = BinaryPrimitives.ReadInt64LittleEndian(saved[2..]), LastRecordMs = BinaryPrimitives.ReadInt64LittleEndian(saved[10..]) };
            tracker._clocks[key] = clock;
            tracker._logTimeMs = Math.Max(tracker._logTimeMs, clock.LastRecordMs);
            saved = saved[(18 + key.Length)..];
        }

        return tracker;
    }

    /// <summary>Takes the next event and says whether it is late. Of a duplicate only that the stream is not silent counts.</summary>
    /// <param name="key">The record's key; without <c>/</c> it is of no stream, and is passed over.</param>
    /// <param name="timeMs">The event's time.</param>
    /// <param name="logTimeMs">The record's log time; never smaller than that of the record before.</param>
    /// <param name="duplicate">Whether the event repeats an earlier one.</param>
    public bool Observe(ReadOnlySpan<byte> key, long timeMs, long logTimeMs, bool duplicate)
    {
        _logTimeMs = logTimeMs;
        if (!key.Contains((byte)'/') || key.Length > ushort.MaxValue) return false;
        var clock = ClockOf(key);
        clock.WatermarkMs = _rules.Found(clock.WatermarkMs, clock.LastRecordMs, logTimeMs);
        clock.LastRecordMs = logTimeMs;
        if (duplicate) return false;
        if (_rules.IsLate(timeMs, clock.WatermarkMs)) return true;
        clock.WatermarkMs = _rules.After(clock.WatermarkMs, timeMs, logTimeMs);
        return false;
    }

    /// <summary>What is known after the last event: 18 bytes and its key for each stream that is not silent.</summary>
    public byte[] Save()
    {
        Sweep();
        var saved = new byte[_clocks.Keys.Sum(key => 18 + key.Length)];
        var rest = saved.AsSpan();
        foreach (var clock in _clocks.Values)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)clock.Key.Length);
            BinaryPrimitives.WriteInt64LittleEndian(rest[2..], clock.WatermarkMs);
            BinaryPrimitives.WriteInt64LittleEndian(rest[10..], clock.LastRecordMs);
            clock.Key.CopyTo(rest[18..]);
            rest = rest[(18 + clock.Key.Length)..];
        }

        return saved;
    }

    private Clock ClockOf(ReadOnlySpan<byte> key)
    {
        if (_last is { } last && key.SequenceEqual(last.Key)) return last;
        if (!_find.TryGetValue(key, out var clock))
        {
            if (_clocks.Count >= _sweepAt)
            {
                Sweep();
                _sweepAt = Math.Max(FirstSweep, _clocks.Count * 2);
            }

            clock = new Clock(key.ToArray()) { WatermarkMs = _rules.Idle(_logTimeMs), LastRecordMs = _logTimeMs };
            _clocks[clock.Key] = clock;
        }

        return _last = clock;
    }

    /// <summary>Forgets silent streams: of those the rules say by themselves where the watermark is.</summary>
    private void Sweep()
    {
        foreach (var (key, clock) in _clocks)
        {
            if (_rules.IsIdle(clock.LastRecordMs, _logTimeMs)) _clocks.Remove(key);
        }

        _last = null;
    }

    private sealed class Clock(byte[] key)
    {
        public byte[] Key { get; } = key;

        public long WatermarkMs { get; set; }

        public long LastRecordMs { get; set; }
    }

    private sealed class KeyComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly KeyComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] key) => GetHashCode(key.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = new HashCode();
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
