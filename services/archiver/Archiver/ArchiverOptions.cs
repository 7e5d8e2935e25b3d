using System.ComponentModel.DataAnnotations;
using System.IO.Compression;
using Microsoft.Extensions.Options;

namespace Millrace.Archiver;

/// <summary>Options of the archiver, section <c>Millrace:Archiver</c>.</summary>
public sealed class ArchiverOptions
{
    /// <summary>The sink into ClickHouse.</summary>
    [Required, ValidateObjectMembers]
    public SinkOptions ClickHouse { get; set; } = new()
    {
        MaxRows = 100_000,
        MaxBytes = 24 << 20,
        MaxAge = TimeSpan.FromSeconds(1),
        BufferBytes = 128L << 20,
        Writers = 2,
    };

    /// <summary>The sink into the object store.</summary>
    [Required, ValidateObjectMembers]
    public SinkOptions Objects { get; set; } = new()
    {
        MaxRows = 250_000,
        MaxBytes = 64 << 20,
        MaxAge = TimeSpan.FromSeconds(10),
        BufferBytes = 256L << 20,
        Writers = 1,
    };

    /// <summary>
    /// How long a replay belongs to the instance that runs it after that last said so. When the instance dies, another takes the replay up after so long;
    /// if it died while it put the result in place, archiving into ClickHouse waits for as long. Default 20 seconds.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan ReplayLease { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How hard objects are compressed. Default <see cref="CompressionLevel.Fastest"/>: a fifth larger than the best, at a quarter of the CPU.</summary>
    [EnumDataType(typeof(CompressionLevel))]
    public CompressionLevel Compression { get; set; } = CompressionLevel.Fastest;

    /// <summary>
    /// Whether ClickHouse writes each part through to the disk before it acknowledges it (<c>fsync_after_insert</c>). Without it a power loss,
    /// not a crash, can cost the last half minute of rows in ClickHouse; the objects and the log keep them all the same. Default on.
    /// </summary>
    public bool SyncParts { get; set; } = true;

    /// <summary>Names and engines of the tables in ClickHouse.</summary>
    [Required, ValidateObjectMembers]
    public SchemaOptions Schema { get; set; } = new();

    /// <summary>Users for people and programs that query a ClickHouse server itself.</summary>
    [Required, ValidateObjectMembers]
    public BiUserOptions BiUsers { get; set; } = new();

    /// <summary>How long ClickHouse keeps what. Default: for ever.</summary>
    [Required, ValidateObjectMembers]
    public RetentionOptions Retention { get; set; } = new();

    /// <summary>Limits of <c>/api/v1/query</c>, <c>/metrics</c> and <c>/events</c>.</summary>
    [Required, ValidateObjectMembers]
    public QueryOptions Query { get; set; } = new();
}

/// <summary>When a sink's cuts are closed. Whichever limit is reached first closes; a sink that is busy or away lets cuts grow to the others.</summary>
public sealed class SinkOptions
{
    /// <summary>Events of a cut.</summary>
    [Range(1, 10_000_000)]
    public int MaxRows { get; set; } = 100_000;

    /// <summary>Bytes of a cut's events as they stand on the log.</summary>
    [Range(1, 512 << 20)]
    public int MaxBytes { get; set; } = 24 << 20;

    /// <summary>Age of a cut's first event here.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan MaxAge { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Bytes of events that wait for the sink, over all partitions. At the limit the archiver stops reading the log until the sink has taken some.</summary>
    [Range(1L, 64L << 30)]
    public long BufferBytes { get; set; } = 128L << 20;

    /// <summary>Cuts that are written at the same time.</summary>
    [Range(1, 64)]
    public int Writers { get; set; } = 2;
}

/// <summary>How many days ClickHouse keeps rows, by event time; <see langword="null"/> is for ever. Objects are kept by the store's own rules.</summary>
public sealed class RetentionOptions
{
    /// <summary>Events.</summary>
    [Range(1, 36_500)]
    public int? EventsDays { get; set; }

    /// <summary>Rollup by minute.</summary>
    [Range(1, 36_500)]
    public int? MinuteDays { get; set; }

    /// <summary>Rollup by hour.</summary>
    [Range(1, 36_500)]
    public int? HourDays { get; set; }

    /// <summary>Rollup by day.</summary>
    [Range(1, 36_500)]
    public int? DayDays { get; set; }

    /// <summary>Days for the events of single tenants, instead of <see cref="EventsDays"/>.</summary>
    public Dictionary<string, int> TenantEventsDays { get; set; } = [];
}

/// <summary>Limits of the archiver's API. ClickHouse holds tenants to limits of its own as well; the tighter one counts.</summary>
public sealed class QueryOptions
{
    /// <summary>Longest run of a query. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Rows of an answer. Default 100,000.</summary>
    [Range(1, 10_000_000)]
    public int MaxRows { get; set; } = 100_000;

    /// <summary>Bytes of an answer in ClickHouse's memory. Default 64 MiB.</summary>
    [Range(1024, 1L << 34)]
    public long MaxBytes { get; set; } = 64L << 20;

    /// <summary>Memory of a query in ClickHouse. Default 512 MiB.</summary>
    [Range(1L << 20, 1L << 40)]
    public long MemoryBytes { get; set; } = 512L << 20;

    /// <summary>Length of a statement in bytes. Default 256 KiB.</summary>
    [Range(1, 16 << 20)]
    public int StatementBytes { get; set; } = 256 << 10;

    /// <summary>Queries of one tenant at a time; more are answered with 429. Default 8.</summary>
    [Range(1, 1000)]
    public int ConcurrentPerTenant { get; set; } = 8;

    /// <summary>Queries of all tenants at a time; more are answered with 503. Default 32.</summary>
    [Range(1, 10_000)]
    public int Concurrent { get; set; } = 32;
}

/// <summary>Checks <see cref="ArchiverOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class ArchiverOptionsValidator : IValidateOptions<ArchiverOptions>;

/// <summary>The rules that attributes can't say.</summary>
internal sealed class ArchiverOptionsRules : IValidateOptions<ArchiverOptions>
{
    public ValidateOptionsResult Validate(string? name, ArchiverOptions options)
    {
        var schema = options.Schema;
        if (schema.Cluster is not null && !schema.Replicated)
            return ValidateOptionsResult.Fail("Millrace:Archiver:Schema:Cluster needs Replicated: otherwise each server would keep another part of the events.");
        if ((schema.ReplicaPath is null) != (schema.ReplicaName is null))
            return ValidateOptionsResult.Fail("Millrace:Archiver:Schema:ReplicaPath and ReplicaName are set together or not at all.");
        return schema.InsertQuorum is not null && !schema.Replicated
            ? ValidateOptionsResult.Fail("Millrace:Archiver:Schema:InsertQuorum needs Replicated.")
            : ValidateOptionsResult.Success;
    }
}
