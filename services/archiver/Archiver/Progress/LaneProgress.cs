namespace Millrace.Archiver.Progress;

/// <summary>How far one sink has come in one partition, as it is stored.</summary>
/// <param name="Position">Where it goes on; <see langword="null"/> before the first cut is done.</param>
/// <param name="LastCutId">Number of the newest cut, done or not; 0 when there was none.</param>
/// <param name="Pending">The cut that was begun and is not known to be done.</param>
internal sealed record LaneProgress(LanePosition? Position, ulong LastCutId, PendingCut? Pending);

/// <summary>Where a sink goes on in a partition.</summary>
/// <param name="Next">Offset of the first record that is not in the sink.</param>
/// <param name="LogTimeMs">Log time of the record before it.</param>
/// <param name="WarmFrom">
/// A duplicate filter that starts here knows all it can remember at <paramref name="Next"/>: as many records as its capacity lie between.
/// <see langword="null"/> while fewer have been read.
/// </param>
internal sealed record LanePosition(long Next, long LogTimeMs, long? WarmFrom);

/// <summary>A range that was written down before it was used, so that a restart uses the very same.</summary>
/// <param name="Id">Its number: grows from cut to cut of a partition, and is never that of another partition's cut.</param>
/// <param name="First">Offset of its first record.</param>
/// <param name="Last">Offset of its last record.</param>
internal sealed record PendingCut(ulong Id, long First, long Last);
