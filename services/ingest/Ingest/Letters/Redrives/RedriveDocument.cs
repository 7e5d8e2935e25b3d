namespace Millrace.Ingest.Letters.Redrives;

/// <summary>A redrive as the API shows it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="State"><c>queued</c>, <c>running</c>, <c>done</c> or <c>cancelled</c>.</param>
/// <param name="Selection">Which letters it means.</param>
/// <param name="Total">How many these were when it was asked for.</param>
/// <param name="Redriven">Letters that were accepted.</param>
/// <param name="Refused">Letters that were refused again.</param>
/// <param name="Skipped">Letters that were named and could not be taken: redriven already, or in another redrive's hands.</param>
/// <param name="Events">Events that came of the accepted letters.</param>
/// <param name="Error">What keeps it at the moment, if anything does.</param>
/// <param name="CreatedBy">Who asked for it.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="UpdatedAt">When it last got on.</param>
/// <param name="FinishedAt">When it ended.</param>
internal sealed record RedriveDocument(
    string Id, string State, RedriveSelection Selection, long Total, long Redriven, long Refused, long Skipped, long Events, string? Error,
    string CreatedBy, string CreatedAt, string UpdatedAt, string? FinishedAt)
{
    /// <summary>The document of a row.</summary>
    public static RedriveDocument From(RedriveRow row) => new(
        row.Id,
        NameOf((RedriveState)row.State),
        RedriveSelection.Of(row),
        row.Total,
        row.Redriven,
        row.Refused,
        row.Skipped,
        row.Events,
        row.Error,
        row.Actor,
        Instants.Format(row.CreatedAt),
        Instants.Format(row.UpdatedAt),
        Instants.FormatOrNull(row.FinishedAt));

    private static string NameOf(RedriveState state) => state switch
    {
        RedriveState.Queued => "queued",
        RedriveState.Running => "running",
        RedriveState.Done => "done",
        _ => "cancelled",
    };
}

/// <summary>Which letters a redrive means.</summary>
internal sealed record RedriveSelection(string Kind, string? Code, string? Stream, string? From, string? To, IReadOnlyList<string>? Ids, string? DefaultStream)
{
    /// <summary>The selection of a row.</summary>
    public static RedriveSelection Of(RedriveRow row) => new(
        row.Kind, row.Code, row.Stream, Instants.FormatOrNull(row.FromAt), Instants.FormatOrNull(row.ToAt), row.Ids?.Split(' '), row.DefaultStream);
}

/// <summary>A page of redrives, newest first.</summary>
internal sealed record RedrivePage(IReadOnlyList<RedriveDocument> Items, string? Next);
