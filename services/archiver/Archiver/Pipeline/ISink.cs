using Millrace.Archiver.Progress;

namespace Millrace.Archiver.Pipeline;

/// <summary>Where archived events go. Every member is safe to call for several partitions at once.</summary>
internal interface ISink
{
    /// <summary>Name in tables, logs and metrics.</summary>
    string Name { get; }

    /// <summary>The <see cref="Millrace.Hosting.Faults.FaultPoint"/> after a cut is stored.</summary>
    string StoredPoint { get; }

    /// <summary>When a cut is closed, and how much memory cuts may take.</summary>
    SinkOptions Options { get; }

    /// <summary>An empty cut.</summary>
    Cut Open(int partition);

    /// <summary>How long a cut may stay open. A sink to which a cut costs more the more it is scattered may wait longer for it.</summary>
    TimeSpan AgeOf(Cut cut);

    /// <summary>Stores a cut durably. Any exception means that its fate is unknown; it is then called again with <paramref name="redo"/>.</summary>
    /// <param name="lane">This sink and the cut's partition.</param>
    /// <param name="cut">The events.</param>
    /// <param name="range">The range as it was written down.</param>
    /// <param name="redo">Whether an earlier attempt, by this process or by one before it, may have stored it or a part of it.</param>
    /// <param name="ownership">Confirmed just now; a sink for which a write that comes late can do harm asks it again before each.</param>
    /// <param name="cancellationToken">Cancels; the cut's fate is unknown then.</param>
    Task WriteAsync(LaneId lane, Cut cut, PendingCut range, bool redo, Ownership ownership, CancellationToken cancellationToken);
}
