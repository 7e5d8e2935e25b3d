namespace Millrace.Hosting.Ledger;

/// <summary>Cumulative numbers of events, each stage filling in its own. Adding two adds each number.</summary>
public readonly record struct LedgerCounts
{
    /// <summary>Events that reached ingest, rejected ones included.</summary>
    public long Received { get; init; }

    /// <summary>Events that were refused.</summary>
    public long Rejected { get; init; }

    /// <summary>Refused events that stand on the dead-letter topic.</summary>
    public long DeadLettered { get; init; }

    /// <summary>Events that are counted in windows.</summary>
    public long Aggregated { get; init; }

    /// <summary>Events that came after the allowed lateness.</summary>
    public long Late { get; init; }

    /// <summary>Events dropped because their id had been seen.</summary>
    public long Duplicate { get; init; }

    /// <summary>Events that stand in every sink of the archiver.</summary>
    public long Archived { get; init; }

    /// <summary>Adds each number.</summary>
    public static LedgerCounts operator +(LedgerCounts left, LedgerCounts right) => new()
    {
        Received = left.Received + right.Received,
        Rejected = left.Rejected + right.Rejected,
        DeadLettered = left.DeadLettered + right.DeadLettered,
        Aggregated = left.Aggregated + right.Aggregated,
        Late = left.Late + right.Late,
        Duplicate = left.Duplicate + right.Duplicate,
        Archived = left.Archived + right.Archived,
    };

    /// <summary>Adds each number.</summary>
    public LedgerCounts Add(LedgerCounts other) => this + other;
}

/// <summary>What a stage has stored for one partition.</summary>
/// <param name="Upto">First offset that is not counted yet; <see langword="null"/> when the stage has stored nothing.</param>
/// <param name="Counts">Cumulative counts by tenant, of every record before <paramref name="Upto"/>.</param>
public sealed record LedgerState(long? Upto, IReadOnlyDictionary<string, LedgerCounts> Counts);
