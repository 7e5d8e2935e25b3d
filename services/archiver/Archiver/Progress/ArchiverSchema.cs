using Millrace.Ports.Metadata;

namespace Millrace.Archiver.Progress;

/// <summary>The archiver's tables in the metadata database.</summary>
internal static class ArchiverSchema
{
    /// <summary>Module name of the migrations.</summary>
    public const string Module = "archiver";

    /// <summary>All migrations.</summary>
    public static readonly IReadOnlyList<Migration> Migrations =
    [
        new(1, "progress of the sinks", """
            CREATE TABLE archiver_progress (
                sink text NOT NULL, topic text NOT NULL, part integer NOT NULL, epoch text NOT NULL,
                next_offset bigint, log_time bigint, warm_from bigint,
                cut_id bigint NOT NULL, cut_first bigint, cut_last bigint,
                PRIMARY KEY (sink, topic, part));
            """),
        new(2, "generations of owners", "ALTER TABLE archiver_progress ADD COLUMN generation bigint NOT NULL DEFAULT 0;"),
        new(3, "watermarks", "ALTER TABLE archiver_progress ADD COLUMN watermarks bytea;"),
    ];
}
