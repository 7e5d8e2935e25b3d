using System.Buffers;
using System.Text;
using Millrace.Contracts.Errors;
using Millrace.Contracts.Events;
using Millrace.Ports.EventLog;

namespace Millrace.Ingest.Events;

/// <summary>
/// The events of one request, read and judged: records to append, and rejections. Pooled; all its memory comes from pools and goes back on
/// <see cref="Close"/>. Not thread-safe.
/// </summary>
internal sealed class EventBatch
{
    private readonly WireBuffer _wire = new();
    private readonly List<Rejection> _rejections = [];
    private LogRecord[] _records = [];
    private int _count;
    private int _base;
    private RequestFrame? _frame;

    /// <summary>Makes an empty batch.</summary>
    public EventBatch() => Draft = new EventDraft(_wire);

    /// <summary>The event being read.</summary>
    public EventDraft Draft { get; }

    /// <summary>Good events, in the order of the request.</summary>
    public ReadOnlyMemory<LogRecord> Records => _records.AsMemory(0, _count);

    /// <summary>Refused events, in the order of the request.</summary>
    public IReadOnlyList<Rejection> Rejections => _rejections;

    /// <summary>Good and refused events so far: the index of the next.</summary>
    public int Total => _count + _rejections.Count;

    /// <summary>Begins a request.</summary>
    /// <param name="frame">What its events share.</param>
    /// <param name="bodyBytes">Bytes of its body, to size the buffers.</param>
    public void Open(RequestFrame frame, int bodyBytes)
    {
        _frame = frame;
        _wire.Open(bodyBytes);
        Draft.Open(frame);
    }

    /// <summary>Goes on with another request after the events of the last: what has been judged stays.</summary>
    /// <param name="frame">What the events to come share.</param>
    public void Continue(RequestFrame frame)
    {
        _frame = frame;
        _base = Total;
        Draft.Close();
        Draft.Open(frame);
    }

    /// <summary>Forgets events that were judged since a moment.</summary>
    /// <param name="records">Good events at that moment.</param>
    /// <param name="rejections">Refused ones.</param>
    public void TakeBack(int records, int rejections)
    {
        _records.AsSpan(records, _count - records).Clear();
        _count = records;
        _rejections.RemoveRange(rejections, _rejections.Count - rejections);
    }

    /// <summary>Ends the draft as a good event, unless something is missing.</summary>
    public bool TryAccept()
    {
        if (!Draft.Finish(out var key, out var value)) return false;
        if (_count == _records.Length) GrowRecords();
        _records[_count++] = new LogRecord(key, value, _frame!.Headers);
        return true;
    }

    /// <summary>Ends the draft as refused.</summary>
    /// <param name="fault">Why.</param>
    /// <param name="id">The event's id, where it could be read.</param>
    /// <param name="start">Where the event stands in the body.</param>
    /// <param name="length">Its bytes there.</param>
    /// <param name="restated">The event in CloudEvents structured mode, where the body is not all of it.</param>
    public void Reject(Fault fault, string? id, int start, int length, byte[]? restated = null)
    {
        _wire.Abandon();
        _rejections.Add(new Rejection(Total - _base, id, fault, start, length, restated));
    }

    /// <summary>Whether the request may hold another event.</summary>
    public bool HasRoom => Total - _base < _frame!.MaxEvents;

    /// <summary>Returns all memory.</summary>
    public void Close()
    {
        ArrayPool<LogRecord>.Shared.Return(_records, clearArray: true);
        _records = [];
        _count = _base = 0;
        _rejections.Clear();
        // One request of ten thousand faults must not leave a large list in the pool.
        if (_rejections.Capacity > 64) _rejections.Capacity = 0;
        _wire.Reset();
        Draft.Close();
        _frame = null;
    }

    /// <summary>A text as an id to show, or <see langword="null"/> when it can't be one.</summary>
    public static string? AsId(ReadOnlySpan<byte> text) =>
        text.Length is 0 or > EventLimits.NameLength * 4 || !System.Text.Unicode.Utf8.IsValid(text) ? null : Encoding.UTF8.GetString(text);

    /// <summary>The fault of an event that is larger than any may be.</summary>
    public static Fault TooLarge(int bytes) => new(
        ErrorCodes.TooLarge, "", $"The event has {bytes} bytes; at most {EventLimits.EventBytes} are accepted. Store large content elsewhere and send a reference.");

    private void GrowRecords()
    {
        var larger = ArrayPool<LogRecord>.Shared.Rent(Math.Max(16, _records.Length * 2));
        _records.AsSpan(0, _count).CopyTo(larger);
        ArrayPool<LogRecord>.Shared.Return(_records, clearArray: true);
        _records = larger;
    }
}

/// <summary>What reading a body came to.</summary>
internal enum ReadOutcome
{
    /// <summary>Never returned.</summary>
    Unset = 0,

    /// <summary>Every event is judged.</summary>
    Judged = 1,

    /// <summary>There was no event.</summary>
    Empty = 2,

    /// <summary>More events than a request may hold; nothing of it counts.</summary>
    TooManyEvents = 3,

    /// <summary>The only event is larger than any may be; nothing of it counts.</summary>
    EventTooLarge = 4,
}
