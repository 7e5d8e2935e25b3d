using Millrace.Aggregator.Engine;
using Millrace.Contracts;
using Millrace.Ports.EventLog;

namespace Millrace.Aggregator.Output;

/// <summary>
/// Collects what one partition's engine has to say until it is appended: encoded windows and copies of late events, in one growing buffer that is
/// reused. Not thread-safe.
/// </summary>
/// <param name="partition">Partition of the events, for the origin of late ones.</param>
internal sealed class OutputBatch(int partition) : IWindowOutput
{
    private readonly List<Pending> _windows = [];
    private readonly List<Pending> _late = [];
    private byte[] _buffer = new byte[64 * 1024];
    private int _length;
    private LogRecord[] _records = [];
    private (string TraceParent, Dictionary<string, string> Headers)? _lastTrace;

    /// <summary>Bytes collected.</summary>
    public int Length => _length;

    public bool HasWindows => _windows.Count > 0;

    public bool HasLate => _late.Count > 0;

    public void Changed(in WindowChange change)
    {
        var buffer = Reserve(WindowEncoder.MaxLength(in change));
        var written = WindowEncoder.Encode(in change, buffer);
        // A stream's key never changes and is never reused, so it need not be copied.
        _windows.Add(new Pending(change.Stream.KeyMemory, _length, 0, written, HeadersOf(change.Content.TraceParent)));
        _length += written;
    }

    public void Late(in LogEntry entry)
    {
        var buffer = Reserve(entry.Key.Length + entry.Value.Length);
        entry.Key.Span.CopyTo(buffer);
        entry.Value.Span.CopyTo(buffer[entry.Key.Length..]);
        var headers = new Dictionary<string, string>(2) { [Headers.Origin] = $"{partition}:{entry.Offset}" };
        if (entry.Headers is { } given && given.TryGetValue(Headers.TraceParent, out var trace)) headers[Headers.TraceParent] = trace;
        _late.Add(new Pending(default, _length, entry.Key.Length, entry.Value.Length, headers));
        _length += entry.Key.Length + entry.Value.Length;
    }

    /// <summary>The windows as records, valid until the next call of any member.</summary>
    public ReadOnlyMemory<LogRecord> Windows => Records(_windows);

    /// <summary>The late events as records, valid until the next call of any member.</summary>
    public ReadOnlyMemory<LogRecord> LateEvents => Records(_late);

    /// <summary>Forgets everything, for reuse.</summary>
    public void Clear()
    {
        _windows.Clear();
        _late.Clear();
        _length = 0;
    }

    private ReadOnlyMemory<LogRecord> Records(List<Pending> pending)
    {
        if (_records.Length < pending.Count) _records = new LogRecord[Math.Max(pending.Count, _records.Length * 2)];
        for (var i = 0; i < pending.Count; i++)
        {
            var item = pending[i];
            var key = item.KeyLength == 0 ? item.Key : _buffer.AsMemory(item.At, item.KeyLength);
            _records[i] = new LogRecord(key, _buffer.AsMemory(item.At + item.KeyLength, item.Length), item.Headers);
        }

        return _records.AsMemory(0, pending.Count);
    }

    private Span<byte> Reserve(int length)
    {
        if (_buffer.Length - _length < length)
        {
            var grown = new byte[Math.Max(_buffer.Length * 2, _length + length)];
            _buffer.AsSpan(0, _length).CopyTo(grown);
            _buffer = grown;
        }

        return _buffer.AsSpan(_length);
    }

    // Events of one request share their trace, so the same one comes many times in a row.
    private Dictionary<string, string>? HeadersOf(string? traceParent)
    {
        if (traceParent is null) return null;
        if (_lastTrace is not { } last || last.TraceParent != traceParent)
            _lastTrace = last = (traceParent, new Dictionary<string, string>(1) { [Headers.TraceParent] = traceParent });
        return last.Headers;
    }

    private readonly record struct Pending(
        ReadOnlyMemory<byte> Key, int At, int KeyLength, int Length, IReadOnlyDictionary<string, string>? Headers);
}
