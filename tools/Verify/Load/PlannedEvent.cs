namespace Millrace.Verify.Load;

/// <summary>What an event is meant to be. What became of it the journal knows.</summary>
internal enum PlannedKind
{
    /// <summary>Never a value.</summary>
    Unset = 0,

    /// <summary>Fresh: now, or a few seconds ago.</summary>
    Good = 1,

    /// <summary>Hours ago: too late for its window.</summary>
    Late = 2,

    /// <summary>An event that was sent before, once more, sometimes with other values.</summary>
    Duplicate = 3,

    /// <summary>To be refused.</summary>
    Malformed = 4,
}

/// <summary>One event of the plan.</summary>
/// <param name="Kind">What it is meant to be.</param>
/// <param name="Id">Its id; of a duplicate that of the first.</param>
/// <param name="Stream">Its stream.</param>
/// <param name="Type">Its type.</param>
/// <param name="AgeMs">How long before the first attempt to send it it happened; a duplicate happened when the first did.</param>
/// <param name="Number">Unlike any other event's: by sums of it a single event is told that a window lacks.</param>
/// <param name="Amount">A value.</param>
internal sealed record PlannedEvent(PlannedKind Kind, string Id, string Stream, string Type, long AgeMs, long Number, long Amount);

/// <summary>One request of the plan.</summary>
/// <param name="Tenant">Index of the tenant that sends it.</param>
/// <param name="Compressed">Whether the body is gzipped.</param>
/// <param name="Events">In the order of the lines.</param>
internal sealed record PlannedBatch(int Tenant, bool Compressed, IReadOnlyList<PlannedEvent> Events);
