namespace Millrace.Aggregator.Engine;

/// <summary>What the engine did since it began, replays included.</summary>
internal struct EngineCounters
{
    public long Events;
    public long Late;
    public long Duplicates;
    public long Malformed;

    /// <summary>Events of series beyond the limit.</summary>
    public long FoldedToOther;

    /// <summary>Values beyond the limit of names.</summary>
    public long ValuesLeftOut;

    public long LiveWindows;
    public long FinalWindows;
    public long Corrections;
}
