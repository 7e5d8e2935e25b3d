using System.Globalization;
using System.Text.Json.Serialization;

namespace Millrace.Archiver.Replays;

/// <summary>A replay as the API shows it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Target"><c>rollups</c> or <c>table</c>.</param>
/// <param name="Table">The table, for the target <c>table</c>.</param>
/// <param name="Stream">The stream; absent: all.</param>
/// <param name="From">Event time from which, inclusive; widened to a whole day for rollups.</param>
/// <param name="To">Event time up to which, exclusive.</param>
/// <param name="State"><c>queued</c>, <c>running</c>, <c>done</c>, <c>cancelled</c> or <c>failed</c>.</param>
/// <param name="Phase"><c>copying</c> or <c>applying</c>, while it runs.</param>
/// <param name="Objects">Archived objects.</param>
/// <param name="Rows">Events.</param>
/// <param name="Error">What keeps it at the moment, or why it failed.</param>
/// <param name="CreatedBy">Who asked for it.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="UpdatedAt">When it last got on.</param>
/// <param name="FinishedAt">When it ended.</param>
internal sealed record ReplayDocument(
    string Id, string Target, string? Table, string? Stream, string From, string To, string State, string? Phase, ReplayObjects Objects, ReplayRows Rows,
    string? Error, string CreatedBy, string CreatedAt, string UpdatedAt, string? FinishedAt)
{
    /// <summary>The document of a row.</summary>
    public static ReplayDocument Of(ReplayRow row) => new(
        row.Id,
        row.Target,
        row.TableName,
        row.Stream,
        Format(row.FromAt),
        Format(row.ToAt),
        ((ReplayState)row.State).ToString().ToLowerInvariant(),
        row.State == (long)ReplayState.Running ? ((ReplayPhase)row.Phase).ToString().ToLowerInvariant() : null,
        new ReplayObjects(row.ObjectsDone, row.ObjectsTotal),
        new ReplayRows(row.RowsRead, row.RowsApplied),
        row.Error,
        row.Actor,
        Format(row.CreatedAt),
        Format(row.UpdatedAt),
        row.FinishedAt is { } finished ? Format(finished) : null);

    private static string Format(long ms) =>
        DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}

/// <summary>How many of the objects are read, and how many there are.</summary>
internal sealed record ReplayObjects(long Done, long Total);

/// <summary>How many events were read from the archive, and how many rows were put in place.</summary>
internal sealed record ReplayRows(long Read, long Applied);

/// <summary>A page of replays, newest first.</summary>
internal sealed record ReplayPage(IReadOnlyList<ReplayDocument> Items, string? Next);

/// <summary>JSON of replays.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ReplayDocument))]
[JsonSerializable(typeof(ReplayPage))]
internal sealed partial class ReplayJson : JsonSerializerContext;
