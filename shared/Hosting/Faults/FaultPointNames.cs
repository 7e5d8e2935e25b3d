namespace Millrace.Hosting.Faults;

/// <summary>
/// Names of the places where a process can be told to die (<see cref="FaultPoint"/>): each lies between two writes that can't be one transaction.
/// docs/guarantees.md says what holds when a process dies at each.
/// </summary>
public static class FaultPointNames
{
    /// <summary>Aggregator: windows and late events are on the log, the checkpoint is not saved.</summary>
    public const string AggregatorOutputWritten = "aggregator.output.written";

    /// <summary>Aggregator: the checkpoint is saved, the log's commit has not moved.</summary>
    public const string AggregatorCheckpointSaved = "aggregator.checkpoint.saved";

    /// <summary>Alerting: alerts, position and outbox are committed, the changes are not on <c>millrace.alerts</c>.</summary>
    public const string AlertingStateCommitted = "alerting.state.committed";

    /// <summary>Alerting: changes are on <c>millrace.alerts</c>, and still noted as unpublished.</summary>
    public const string AlertingChangesPublished = "alerting.changes.published";

    /// <summary>Archiver: the range of a cut is committed, nothing of it is written.</summary>
    public const string ArchiverCutCommitted = "archiver.cut.committed";

    /// <summary>Archiver: a range is in ClickHouse, its progress is not committed.</summary>
    public const string ArchiverRowsInserted = "archiver.rows.inserted";

    /// <summary>Archiver: a range's objects are in the store, its progress is not committed.</summary>
    public const string ArchiverObjectsPut = "archiver.objects.put";

    /// <summary>Archiver: a replay has copied the archive aside, nothing of it is in place.</summary>
    public const string ArchiverReplayCopied = "archiver.replay.copied";

    /// <summary>Archiver: the result of a replay is in place, and it is not noted as done.</summary>
    public const string ArchiverReplayApplied = "archiver.replay.applied";

    /// <summary>Ingest: events are on the log; the producer has no answer, or the topic that they came from no commit.</summary>
    public const string IngestEventsAppended = "ingest.events.appended";

    /// <summary>Ingest: dead letters are listed, the log's commit has not moved.</summary>
    public const string IngestLettersListed = "ingest.letters.listed";

    /// <summary>Ingest: a redrive has letters in hand, nothing of them is on the log.</summary>
    public const string IngestRedriveTaken = "ingest.redrive.taken";

    /// <summary>Ingest: re-driven events are on the log, and their letters still in hand.</summary>
    public const string IngestRedrivePublished = "ingest.redrive.published";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        AggregatorOutputWritten, AggregatorCheckpointSaved, AlertingStateCommitted, AlertingChangesPublished,
        ArchiverCutCommitted, ArchiverRowsInserted, ArchiverObjectsPut, IngestEventsAppended, ArchiverReplayCopied, ArchiverReplayApplied,
        IngestLettersListed, IngestRedriveTaken, IngestRedrivePublished,
    ];
}
