namespace Millrace.Alerting.Evaluation;

/// <summary>A partition of <c>millrace.windows</c> as it is read.</summary>
internal sealed class PartitionWatch(int partition, long nextOffset, long generation, long startedMs, long forgivenMs)
{
    public int Partition { get; } = partition;

    /// <summary>Under which it was taken up; see <see cref="Storage.SavedPartition"/>.</summary>
    public long Generation { get; } = generation;

    /// <summary>Offset of the first record that was not taken yet.</summary>
    public long NextOffset { get; set; } = nextOffset;

    /// <summary><see cref="NextOffset"/> as the database has it.</summary>
    public long? SavedOffset { get; set; }

    /// <summary>Log time, on <c>millrace.events</c>, of the newest event that a window has shown to be processed.</summary>
    public long NewestEventMs { get; set; }

    /// <summary>
    /// Up to which event time absent windows count for nothing, as seen from a log time: records from before the start prove that Millrace ran,
    /// later ones say nothing of the time between.
    /// </summary>
    public long ForgivenToMs(long logMs) => logMs >= startedMs ? forgivenMs : long.MinValue;
}
