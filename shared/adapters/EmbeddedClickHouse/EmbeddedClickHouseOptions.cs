using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Millrace.Adapters.EmbeddedClickHouse;

/// <summary>Settings under <c>Millrace:EmbeddedClickHouse</c>.</summary>
public sealed class EmbeddedClickHouseOptions
{
    /// <summary>Directory of the engine's data. Default <c>data/clickhouse</c>.</summary>
    [Required]
    public string Directory { get; set; } = "data/clickhouse";

    /// <summary>Port of ClickHouse's HTTP interface; 0 takes a free one and keeps it over restarts of the child. Default 8123.</summary>
    [Range(0, 65535)]
    public int Port { get; set; } = 8123;

    /// <summary>Address to listen on. Default 127.0.0.1.</summary>
    [Required]
    public string Listen { get; set; } = "127.0.0.1";

    /// <summary>Memory that the engine may take, bytes. Default 2 GiB.</summary>
    [Range(256L << 20, long.MaxValue)]
    public long MaxMemoryBytes { get; set; } = 2L << 30;

    /// <summary>
    /// Whether ClickHouse stands back where processors are short (nice 10): what is accepted and shown now goes first, and the archive and queries take what
    /// is left, about a tenth at least. For bursts: where all processors are busy for minutes the archive falls behind, and the log fills up. Default false.
    /// </summary>
    public bool StandsBack { get; set; }

    /// <summary>The metadata database's file, from which the child verifies the API keys of BI users; unset, only services get in.</summary>
    public string? MetadataFile { get; set; }

    /// <summary>The child's program. Default <c>clickhouse/clickhouse-embedded.dll</c> beside the running program.</summary>
    public string? Program { get; set; }

    /// <summary>Path of <c>libchdb.so</c>. Default: in the cache that <c>./millrace</c> fills, <c>$MILLRACE_CACHE/chdb/&lt;version&gt;/libchdb.so</c>.</summary>
    public string? Library { get; set; }
}

/// <summary>Rules of <see cref="EmbeddedClickHouseOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class EmbeddedClickHouseOptionsValidator : IValidateOptions<EmbeddedClickHouseOptions>;
