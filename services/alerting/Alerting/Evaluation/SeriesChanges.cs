namespace Millrace.Alerting.Evaluation;

/// <summary>Series to write, with their partition, and to delete.</summary>
internal sealed record SeriesChanges(IReadOnlyList<(int Partition, WatchedSeries Series)> Saves, IReadOnlyList<WatchedSeries> Deletes)
{
    public bool IsEmpty => Saves.Count == 0 && Deletes.Count == 0;
}
