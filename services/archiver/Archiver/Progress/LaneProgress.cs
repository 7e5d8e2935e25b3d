namespace Millrace.Archiver.Progress;

/// <summary>One sink in one partition of one life of a topic.</summary>
/// <param name="Sink">Name of the sink.</param>
/// <param name="Topic">Topic.</param>
/// <param name="Partition">Partition.</param>
/// <param name="Epoch">The topic's epoch: positions of another mean nothing.</param>
internal sealed record LaneId(string Sink, string Topic, int Partition, string Epoch);

/// <summary>A lane taken over: who took it later has a higher generation, and of all others no word is stored any more.</summary>
/// <param name="Id">Sink and partition.</param>
/// <param name="Generation">Number of this owner.</param>
/// <param name="Progress">What the owners before have stored.</param>
internal sealed record LaneClaim(LaneId Id, long Generation, LaneProgress Progress);

/// <summary>Another instance has taken the lane over: nothing of it may be written here any more.</summary>
internal sealed class LaneLostException(LaneClaim claim)
    : Exception($"Another instance has taken over {claim.Id.Topic}/{claim.Id.Partition} of sink {claim.Id.Sink}.");

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
/// <param name="Watermarks">
/// What a <see cref="Contracts.Events.LatenessTracker"/> knows at <paramref name="Next"/>; <see langword="null"/> where it was stored by a version without it.
/// </param>
internal sealed record LanePosition(long Next, long LogTimeMs, long? WarmFrom, byte[]? Watermarks = null);

/// <summary>A range that was written down before it was used, so that a restart uses the very same.</summary>
/// <param name="Id">Its number: grows from cut to cut of a partition, and is never that of another partition's cut.</param>
/// <param name="First">Offset of its first record.</param>
/// <param name="Last">Offset of its last record.</param>
internal sealed record PendingCut(ulong Id, long First, long Last);
