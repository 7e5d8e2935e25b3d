using Millrace.Ports.EventLog;

namespace Millrace.Aggregator.Engine;

/// <summary>Takes what the engine has to say, at once: nothing passed in may be kept.</summary>
internal interface IWindowOutput
{
    /// <summary>A window changed.</summary>
    void Changed(in WindowChange change);

    /// <summary>An event came after the allowed lateness.</summary>
    void Late(in LogEntry entry);
}

/// <summary>A window as it is now.</summary>
/// <param name="stream">Its stream.</param>
/// <param name="series">Its series.</param>
/// <param name="content">What the events folded in came to.</param>
internal readonly ref struct WindowChange(StreamState stream, Series series, Row content)
{
    public StreamState Stream { get; } = stream;

    public Series Series { get; } = series;

    public Row Content { get; } = content;

    public long StartMs { get; init; }

    public long EndMs { get; init; }

    public bool Final { get; init; }

    /// <summary>Log time of the change.</summary>
    public long UpdatedAtMs { get; init; }

    /// <summary>Grows with every change; a final window beats a live one of the same content.</summary>
    public long Revision => (2 * Content.Count) + (Final ? 1 : 0);
}
