using Millrace.Alerting.Evaluation;

namespace Millrace.Alerting.Storage;

/// <summary>A partition as it was taken up.</summary>
/// <param name="Partition">Its number.</param>
/// <param name="NextOffset">Offset of the first record to come.</param>
/// <param name="Generation">Number of this taking up: what is saved under a smaller one is refused.</param>
/// <param name="Series">Series, each with what its rule watched when it was saved.</param>
internal sealed record SavedPartition(
    int Partition, long NextOffset, long Generation, IReadOnlyList<(WatchedSeries Series, string Watched)> Series);
